"""Detached CMS signatures (RFC 5652) from a template: per signature only digest, time and RSA.

Everything else in a SignedData by one signer is constant, so it is assembled once. openssl and our
own reader check the result in the tests.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from passes.apple.files import File, Head, whole

UTC_TIME_YEAR_MAX = 2049  # X.509 and CMS write later years as GeneralizedTime

_INTEGER, _OCTETS, _NULL, _OID, _UTC_TIME, _GENERAL_TIME = 0x02, 0x04, 0x05, 0x06, 0x17, 0x18
_SEQUENCE, _SET, _FIRST = 0x30, 0x31, 0xA0  # _FIRST: context tag [0], constructed

_DATA = "1.2.840.113549.1.7.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_RSA = "1.2.840.113549.1.1.1"


_PADDING, _DIGEST = padding.PKCS1v15(), SHA256()


class CmsSigner:
    """Signs any number of contents with one key and one chain."""

    def __init__(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, *chain: x509.Certificate
    ) -> None:
        self._key = key
        digest_algorithm = _der(_SEQUENCE, _oid(_SHA256), _der(_NULL))
        self._type_attribute = _attribute(_CONTENT_TYPE, _oid(_DATA))
        self._digest_start = _attribute(_MESSAGE_DIGEST, _der(_OCTETS, bytes(32)))[:-32]
        self._before_attributes = (
            _der(_INTEGER, b"\x01") + _issuer_and_serial(certificate) + digest_algorithm
        )
        signature = _der(_OCTETS, bytes(key.key_size // 8))
        rsa_algorithm = _der(_SEQUENCE, _oid(_RSA), _der(_NULL))
        self._after_attributes = rsa_algorithm + signature[: -key.key_size // 8]
        self._certificates = b"".join(
            (
                _der(_INTEGER, b"\x01"),
                _der(_SET, digest_algorithm),
                _der(_SEQUENCE, _oid(_DATA)),  # no content inside: the signature is detached
                # A SET OF is sorted by its encoding, and openssl's own writer does so too.
                _der(_FIRST, *sorted(c.public_bytes(Encoding.DER) for c in (certificate, *chain))),
            )
        )
        self._shells: dict[int, tuple[Head, bytes]] = {}

    def sign(self, content: bytes, at: datetime) -> bytes:
        """The DER of a SignedData over `content`, without the content; `at` to the second."""
        return whole(self.sign_digest(hashlib.sha256(content).digest(), at))

    def sign_digest(self, digest: bytes, at: datetime) -> File:
        """The same by the SHA-256 digest of the content."""
        attributes = b"".join((self._type_attribute, _time(at), self._digest_start, digest))
        head, signed = self._shell(len(attributes))
        signature = self._key.sign(signed + attributes, _PADDING, _DIGEST)
        return head, b"".join((attributes, self._after_attributes, signature))

    def _shell(self, length: int) -> tuple[Head, bytes]:
        """What stands before attributes of that length (it has two values: two time types), as they are
        sent and as they are signed.

        In what is signed the attributes carry the tag of a SET, in what is sent that of [0].
        """
        if length not in self._shells:
            blank = bytes(length)
            after = self._after_attributes + bytes(self._key.key_size // 8)
            sent = _der(_FIRST, blank)
            signer = _der(_SEQUENCE, self._before_attributes, sent, after)
            signed_data = _der(_SEQUENCE, self._certificates, _der(_SET, signer))
            data = _der(_SEQUENCE, _oid(_SIGNED_DATA), _der(_FIRST, signed_data))
            head = Head.of(data[: len(data) - len(after) - length])
            self._shells[length] = head, _der(_SET, blank)[:-length]
        return self._shells[length]


def _time(at: datetime) -> bytes:
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    # By hand, because strftime costs twenty times as much.
    digits = b"%04d%02d%02d%02d%02d%02dZ" % (
        utc.year,
        utc.month,
        utc.day,
        utc.hour,
        utc.minute,
        utc.second,
    )
    return _LATE + digits if utc.year > UTC_TIME_YEAR_MAX else _EARLY + digits[2:]


def _attribute(kind: str, value: bytes) -> bytes:
    return _der(_SEQUENCE, _oid(kind), _der(_SET, value))


def _issuer_and_serial(certificate: x509.Certificate) -> bytes:
    serial = certificate.serial_number
    number = serial.to_bytes(serial.bit_length() // 8 + 1, "big")  # one spare bit for the sign
    return _der(_SEQUENCE, certificate.issuer.public_bytes(), _der(_INTEGER, number))


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        encoded += bytes(reversed(groups))
    return _der(_OID, encoded)


def _der(tag: int, *parts: bytes) -> bytes:
    """Tag, length, value."""
    value = b"".join(parts)
    length = len(value)
    if length < 0x80:
        return bytes((tag, length)) + value
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + value


_EARLY = _attribute(_SIGNING_TIME, _der(_UTC_TIME, bytes(13)))[:-13]
_LATE = _attribute(_SIGNING_TIME, _der(_GENERAL_TIME, bytes(15)))[:-15]
