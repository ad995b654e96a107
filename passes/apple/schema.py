"""The strict shape of the pass.json we emit: Apple's documented rules, and none of its leniency."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from passes.errors import DesignError

# Apple's limits (Wallet Developer Guide, PassKit reference).
HEADER_FIELDS_MAX = 3
PRIMARY_FIELDS_MAX = 1
SQUARE_CODE_FIELDS_MAX = 4  # secondary and auxiliary together, beside a square barcode
LOCATIONS_MAX = 10
TOKEN_CHARACTERS_MIN = 16
BEACONS_MAX = 10
NFC_MESSAGE_BYTES_MAX = 64
POSTER_PRIMARY_MAX = 4  # reported for iOS 27
ACTIONS_MAX = 2

_NEW_CODES = {f"PKBarcodeFormat{name}" for name in ("EAN13", "Code39", "Codabar", "I2of5")}
_LINK = re.compile(r'<a href="(?P<address>[^"<>]+)">[^<>]*</a>')
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def _rgb(value: str) -> str:
    parts = re.fullmatch(r"rgb\((\d{1,3}), (\d{1,3}), (\d{1,3})\)", value)
    if not parts or any(int(part) > 255 for part in parts.groups()):
        raise ValueError("must be rgb(r, g, b) with 0 to 255")
    return value


def _zoned(value: str) -> str:
    if not _ZONED.fullmatch(value):
        raise ValueError("must be an ISO 8601 time with a zone, Z or ±HH:MM")
    datetime.fromisoformat(value)
    return value


def _web_service(value: str) -> str:
    """Phones insist on https; only a simulator on this machine speaks plain http."""
    parts = urlsplit(value)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("must be an https address")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must be https outside this machine")
    if parts.path.rstrip("/").endswith("/v1"):
        raise ValueError("is the base; phones append /v1 themselves")
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _https(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("must be an https address")
    return value


def _nfc_message(value: str) -> str:
    if not 0 < len(value.encode()) <= NFC_MESSAGE_BYTES_MAX:
        raise ValueError("has 1 to 64 bytes: the phone cuts the rest")
    return value


def _announcement(value: str) -> str:
    if value.count("%@") != 1:
        raise ValueError("must contain %@ once, where the new value goes")
    return value


def _linked(value: str) -> str:
    rest = _LINK.sub("", value)
    if "<" in rest or ">" in rest:
        raise ValueError('may hold no other mark-up than <a href="…">')
    for link in _LINK.finditer(value):
        if urlsplit(link["address"]).scheme not in ("https", "http", "mailto", "tel"):
            raise ValueError("links to https, http, mailto and tel only")
    return value


Words = Annotated[str, StringConstraints(min_length=1)]
Colour = Annotated[str, AfterValidator(_rgb)]
Time = Annotated[str, AfterValidator(_zoned)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Detector = Literal[
    "PKDataDetectorTypePhoneNumber",
    "PKDataDetectorTypeLink",
    "PKDataDetectorTypeAddress",
    "PKDataDetectorTypeCalendarEvent",
]
DateStyle = Literal[
    "PKDateStyleNone",
    "PKDateStyleShort",
    "PKDateStyleMedium",
    "PKDateStyleLong",
    "PKDateStyleFull",
]
NumberStyle = Literal[
    "PKNumberStyleDecimal",
    "PKNumberStylePercent",
    "PKNumberStyleScientific",
    "PKNumberStyleSpellOut",
]
Alignment = Literal[
    "PKTextAlignmentLeft",
    "PKTextAlignmentCenter",
    "PKTextAlignmentRight",
    "PKTextAlignmentNatural",
]


Action = Literal[
    "viewSchedule",
    "watchTrailer",
    "listenToMusic",
    "call",
    "addToBalance",
    "order",
    "shop",
    "membershipBenefits",
    "bookAppointment",
    "bookCar",
    "bookFlight",
    "bookStay",
    "viewOffersRewards",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CurrencyAmount(_Strict):
    """An amount of money for machines."""

    amount: Annotated[str, StringConstraints(pattern=r"^-?\d+(\.\d+)?$")]
    currencyCode: Currency  # noqa: N815


class Semantics(_Strict):
    """What a store card can tell machines."""

    balance: CurrencyAmount | None = None
    totalPrice: CurrencyAmount | None = None  # noqa: N815


class PassField(_Strict):
    """One field of any group."""

    key: Words
    value: str | int | float
    label: str | None = None
    changeMessage: Annotated[str, AfterValidator(_announcement)] | None = None  # noqa: N815
    textAlignment: Alignment | None = None  # noqa: N815
    dateStyle: DateStyle | None = None  # noqa: N815
    timeStyle: DateStyle | None = None  # noqa: N815
    numberStyle: NumberStyle | None = None  # noqa: N815
    currencyCode: Currency | None = None  # noqa: N815
    attributedValue: Annotated[str, AfterValidator(_linked)] | None = None  # noqa: N815
    dataDetectorTypes: list[Detector] | None = None  # noqa: N815
    ignoresTimeZone: bool | None = None  # noqa: N815
    isRelative: bool | None = None  # noqa: N815
    semantics: Semantics | None = None

    @model_validator(mode="after")
    def _one_formatting(self) -> Self:
        """A number, an amount of money or a time: one of them, on a value of that kind."""
        numeric = not isinstance(self.value, str)
        dated = self.dateStyle is not None or self.timeStyle is not None
        styles = [self.numberStyle is not None, self.currencyCode is not None, dated]
        if sum(styles) > 1:
            raise ValueError("a field is a number, an amount or a time, not two of them")
        if (self.numberStyle or self.currencyCode) and not numeric:
            raise ValueError("numberStyle and currencyCode need a number as the value")
        if dated and (numeric or not _ZONED.fullmatch(str(self.value))):
            raise ValueError("dateStyle and timeStyle need a time with a zone as the value")
        return self


class StoreCard(_Strict):
    """The fields by group."""

    headerFields: list[PassField] = Field(default_factory=list, max_length=HEADER_FIELDS_MAX)  # noqa: N815
    primaryFields: list[PassField] = Field(default_factory=list, max_length=PRIMARY_FIELDS_MAX)  # noqa: N815
    secondaryFields: list[PassField] = Field(default_factory=list)  # noqa: N815
    auxiliaryFields: list[PassField] = Field(default_factory=list)  # noqa: N815
    backFields: list[PassField] = Field(default_factory=list)  # noqa: N815

    @model_validator(mode="after")
    def _groups(self) -> Self:
        front = [*self.headerFields, *self.secondaryFields, *self.auxiliaryFields]
        front += self.primaryFields
        if len(self.secondaryFields) + len(self.auxiliaryFields) > SQUARE_CODE_FIELDS_MAX:
            raise ValueError("at most 4 secondary and auxiliary fields beside a square barcode")
        if any(field.dataDetectorTypes is not None or field.attributedValue for field in front):
            raise ValueError("links and data detectors belong to back fields")
        if any(field.textAlignment for field in [*self.primaryFields, *self.backFields]):
            raise ValueError("primary and back fields have no textAlignment")
        return self

    @model_validator(mode="after")
    def _over_all(self) -> Self:
        fields = [*self.headerFields, *self.primaryFields, *self.secondaryFields]
        fields += [*self.auxiliaryFields, *self.backFields]
        keys = [field.key for field in fields]
        if len(set(keys)) != len(keys):
            raise ValueError("field keys must be unique over the whole pass")
        # iOS shows one message per update: with a second announcing field it would be a wrong one.
        if sum(field.changeMessage is not None for field in fields) > 1:
            raise ValueError("only one field may announce its changes")
        return self


class PosterGeneric(_Strict):
    """The full-size look of iOS 27; phones before it show the store card beside it."""

    headerFields: list[PassField] = Field(default_factory=list, max_length=1)  # noqa: N815
    primaryFields: list[PassField] = Field(default_factory=list, max_length=POSTER_PRIMARY_MAX)  # noqa: N815
    footerFields: list[PassField] = Field(default_factory=list, max_length=1)  # noqa: N815

    @model_validator(mode="after")
    def _over_all(self) -> Self:
        fields = [*self.headerFields, *self.primaryFields, *self.footerFields]
        keys = [field.key for field in fields]
        if len(set(keys)) != len(keys):
            raise ValueError("field keys must be unique over the whole pass")
        if sum(field.changeMessage is not None for field in fields) > 1:
            raise ValueError("only one field may announce its changes")
        return self


class FeaturedAction(_Strict):
    """A button on the poster look; Apple writes its text."""

    identifier: Words
    type: Action
    url: Annotated[str, AfterValidator(_https)]


class Barcode(_Strict):
    """A code; the last four kinds are known to iOS 27 only."""

    format: Literal[
        "PKBarcodeFormatQR",
        "PKBarcodeFormatPDF417",
        "PKBarcodeFormatAztec",
        "PKBarcodeFormatCode128",
        "PKBarcodeFormatEAN13",
        "PKBarcodeFormatCode39",
        "PKBarcodeFormatCodabar",
        "PKBarcodeFormatI2of5",
    ]
    message: Words
    messageEncoding: Literal["iso-8859-1"]  # noqa: N815
    altText: str | None = None  # noqa: N815

    @model_validator(mode="after")
    def _encodable(self) -> Self:
        self.message.encode(self.messageEncoding)
        return self


class Location(_Strict):
    """A place that brings the card to the lock screen."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    altitude: float | None = None
    relevantText: Words | None = None  # noqa: N815


class Beacon(_Strict):
    """A Bluetooth beacon that brings the card to the lock screen."""

    proximityUUID: Annotated[  # noqa: N815
        str, StringConstraints(pattern=r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")
    ]
    major: Annotated[int, Field(ge=0, le=65_535)] | None = None
    minor: Annotated[int, Field(ge=0, le=65_535)] | None = None
    relevantText: Words | None = None  # noqa: N815


class RelevantDate(_Strict):
    """A time at which the card comes forward, or the hours; iOS 18 called `date` `relevantDate`."""

    date: Time | None = None
    relevantDate: Time | None = None  # noqa: N815
    startDate: Time | None = None  # noqa: N815
    endDate: Time | None = None  # noqa: N815

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        is_moment = self.date is not None and self.date == self.relevantDate
        is_span = self.startDate is not None and self.endDate is not None
        if is_moment == is_span:
            raise ValueError("is a date (under both names) or a startDate and an endDate")
        return self


class Nfc(_Strict):
    """What the phone gives to a reader in the till."""

    message: Annotated[str, AfterValidator(_nfc_message)]
    encryptionPublicKey: Words  # noqa: N815
    requiresAuthentication: bool | None = None  # noqa: N815


class PassFile(_Strict):
    """A whole pass.json of a store card."""

    formatVersion: Literal[1]  # noqa: N815
    passTypeIdentifier: Annotated[str, StringConstraints(pattern=r"^pass\.[A-Za-z0-9.-]+$")]  # noqa: N815
    serialNumber: Words  # noqa: N815
    teamIdentifier: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]  # noqa: N815
    organizationName: Words  # noqa: N815
    description: Words
    logoText: Words | None = None  # noqa: N815
    foregroundColor: Colour  # noqa: N815
    backgroundColor: Colour  # noqa: N815
    labelColor: Colour  # noqa: N815
    suppressStripShine: bool  # noqa: N815
    sharingProhibited: bool  # noqa: N815
    barcodes: Annotated[list[Barcode], Field(min_length=1)]
    locations: list[Location] | None = Field(default=None, max_length=LOCATIONS_MAX, min_length=1)
    expirationDate: Time | None = None  # noqa: N815
    voided: bool | None = None
    webServiceURL: Annotated[str, AfterValidator(_web_service)]  # noqa: N815
    authenticationToken: Annotated[str, StringConstraints(min_length=TOKEN_CHARACTERS_MIN)]  # noqa: N815
    storeCard: StoreCard  # noqa: N815
    maxDistance: Annotated[int, Field(gt=0)] | None = None  # noqa: N815
    beacons: list[Beacon] | None = Field(default=None, max_length=BEACONS_MAX, min_length=1)
    relevantDates: list[RelevantDate] | None = Field(default=None, min_length=1)  # noqa: N815
    nfc: Nfc | None = None
    userInfo: dict[str, Any] | None = None  # noqa: N815
    associatedStoreIdentifiers: Annotated[list[int], Field(min_length=1)] | None = None  # noqa: N815
    appLaunchURL: Words | None = None  # noqa: N815
    semantics: Semantics | None = None
    posterGeneric: PosterGeneric | None = None  # noqa: N815
    featuredActions: list[FeaturedAction] | None = Field(  # noqa: N815
        default=None, max_length=ACTIONS_MAX, min_length=1
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Keys that mean something beside others only."""
        if self.relevantDates and not (self.locations or self.beacons):
            raise ValueError("relevantDates of a store card need a location")
        if self.maxDistance and not self.locations:
            raise ValueError("maxDistance goes with locations")
        if self.appLaunchURL and not self.associatedStoreIdentifiers:
            raise ValueError("appLaunchURL goes with associatedStoreIdentifiers")
        if self.featuredActions and not self.posterGeneric:
            raise ValueError("featuredActions go with posterGeneric")
        if all(code.format in _NEW_CODES for code in self.barcodes):
            raise ValueError("barcodes hold only kinds that older phones do not show")
        return self

    @model_validator(mode="after")
    def _no_secrets(self) -> Self:
        if self.authenticationToken in str(self.userInfo):
            raise ValueError("userInfo can be read by anybody: it may not hold the token")
        return self


def document_faults(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(place, rule broken) for everything that is wrong; empty for a right document."""
    try:
        PassFile.model_validate(document)
    except ValidationError as error:
        return [
            (".".join(str(part) for part in one["loc"]) or "pass.json", one["msg"])
            for one in error.errors()
        ]
    return []


def check_document(document: Mapping[str, Any]) -> None:
    """Raise a `DesignError` that names the first place and rule, or return."""
    if faults := document_faults(document):
        raise DesignError("{}: {}".format(*faults[0]))
