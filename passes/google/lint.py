"""Google's limits and habits, checked on the class and the object that a card becomes.

What Google refuses is proven and blocks; what it cuts, hides or blurs is a hint. Lengths are those of
the REST reference: the app shows so much on a small screen.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PIL import Image

from passes.card import Text
from passes.finding import Finding, Severity

Resource = Mapping[str, Any]

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "class": ("id", "issuerName", "programName", "programLogo", "reviewStatus"),
    "object": ("id", "classId", "state"),
}
# Characters shown, by (class or object, path). Longer texts end in an ellipsis, or are hidden.
SHOWN: Mapping[tuple[str, str], int] = {
    ("class", "issuerName"): 20,
    ("class", "programName"): 20,
    ("class", "accountNameLabel"): 15,
    ("class", "accountIdLabel"): 15,
    ("class", "rewardsTierLabel"): 9,
    ("class", "rewardsTier"): 7,
    ("object", "accountName"): 20,
    ("object", "accountId"): 20,
    ("object", "loyaltyPoints.label"): 9,
    ("object", "secondaryLoyaltyPoints.label"): 9,
}
POINTS_SHOWN = 7  # characters of a balance that is a text
HEADER_SHOWN, BODY_SHOWN = 35, 500  # of text modules
LINK_SHOWN = 20  # of a link's title
# Google refuses (proven) or hides what is beyond; by class or object, array and how many.
COUNTS: Sequence[tuple[str, str, int, Severity]] = (
    ("class", "merchantLocations", 10, "proven"),
    ("class", "messages", 10, "proven"),
    ("object", "messages", 10, "proven"),
    ("object", "textModulesData", 10, "hint"),
    ("class", "textModulesData", 10, "hint"),
    ("class", "imageModulesData", 1, "hint"),
)
ROWS_MAX = 3  # of the card's face
# Least pixels of the pictures, and whether the shape is fixed.
PICTURES: Mapping[str, tuple[int, int]] = {
    "logo": (660, 660),
    "hero": (1032, 336),
    "wide": (1280, 400),
}
_ID = re.compile(r"[0-9]+\.[A-Za-z0-9._-]+")
_COLOUR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def lint_class(resource: Resource) -> list[Finding]:
    """What to mend in a loyalty class."""
    return [*_both(resource, "class"), *_class_only(resource)]


def lint_object(resource: Resource) -> list[Finding]:
    """What to mend in a loyalty object."""
    return [*_both(resource, "object"), *_balance(resource), *_codes(resource)]


def lint_pictures(pictures: Mapping[str, bytes]) -> list[Finding]:
    """What to mend in the pictures Google fetches, PNG by role."""
    findings = []
    for role, data in pictures.items():
        width, height = Image.open(io.BytesIO(data)).size
        least = PICTURES[role]
        square = role == "logo" and width != height
        if width >= least[0] and height >= least[1] and not square:
            continue
        asked = f"{least[0]} × {least[1]}"
        findings.append(
            _hint(
                "google.picture_small",
                f"pictures.{role}",
                f"The {role} picture is {width} × {height} pixels; Google asks for {asked}.",
                f"L’image {role} fait {width} × {height} pixels ; Google demande {asked}.",
                "Upload a larger picture.",
                "Envoyez une image plus grande.",
            )
        )
    return findings


def _both(resource: Resource, kind: str) -> Iterator[Finding]:
    yield from _required(resource, kind)
    yield from _identifiers(resource, kind)
    yield from _lengths(resource, kind)
    yield from _counts(resource, kind)
    yield from _modules(resource, kind)
    yield from _links(resource, kind)
    yield from _addresses(resource, kind)
    yield from _languages(resource, kind)


def _required(resource: Resource, kind: str) -> Iterator[Finding]:
    for name in REQUIRED[kind]:
        if not resource.get(name):
            yield _proven(
                "google.missing",
                f"{kind}.{name}",
                f"Google refuses a card without {name}.",
                f"Google refuse une carte sans {name}.",
                f"Fill in {name}.",
                f"Renseignez {name}.",
            )


def _identifiers(resource: Resource, kind: str) -> Iterator[Finding]:
    for name in ("id", "classId"):
        value = resource.get(name)
        if value and not _ID.fullmatch(str(value)):
            yield _proven(
                "google.id",
                f"{kind}.{name}",
                f"“{value}” is no id for Google: issuer, a dot, then letters, digits, . _ and -.",
                f"« {value} » n’est pas un identifiant pour Google : l’émetteur, un point, puis des "
                "lettres, des chiffres, . _ et -.",
                "Choose a program word of letters and digits.",
                "Choisissez un mot de programme fait de lettres et de chiffres.",
            )


def _lengths(resource: Resource, kind: str) -> Iterator[Finding]:
    for (where, path), longest in SHOWN.items():
        if where != kind:
            continue
        *parents, name = path.split(".")
        holder: Any = resource
        for parent in parents:
            holder = holder.get(parent, {})
        for text in _said(holder, name):
            yield from _cut(text, longest, f"{kind}.{path}")


def _cut(text: str, longest: int, where: str) -> Iterator[Finding]:
    if len(text) <= longest:
        return
    shown = f"{text[: longest - 1].rstrip()}…"
    is_name = where.endswith(("Name", "programName"))
    yield _hint(
        "google.name_cut" if is_name else "google.text_cut",
        where,
        f"Google shows {longest} characters of “{text}”: “{shown}”.",
        f"Google n’affiche que {longest} caractères de « {text} » : « {shown} ».",
        "Choose a shorter name." if is_name else "Choose a shorter text.",
        "Choisissez un nom plus court." if is_name else "Choisissez un texte plus court.",
    )


def _counts(resource: Resource, kind: str) -> Iterator[Finding]:
    for where, name, most, severity in COUNTS:
        found = resource.get(name, [])
        if where != kind or len(found) <= most:
            continue
        does = ("refuses", "refuse") if severity == "proven" else ("hides", "masque")
        yield Finding(
            "google.too_many",
            severity,
            {
                "en": f"Google {does[0]} more than {most} {name}; here are {len(found)}.",
                "fr": f"Google {does[1]} plus de {most} {name} ; il y en a {len(found)}.",
            },
            {"en": "Leave some out.", "fr": "Retirez-en."},
            f"{kind}.{name}",
        )


def _modules(resource: Resource, kind: str) -> Iterator[Finding]:
    for module in resource.get("textModulesData", []):
        where = f"{kind}.textModulesData.{module.get('id', '')}"
        if "." in str(module.get("id", "")):
            yield _proven(
                "google.module_id",
                where,
                f"The module id {module['id']} holds a dot, which no row of the card can name.",
                f"L’identifiant de module {module['id']} contient un point, qu’aucune ligne de la "
                "carte ne peut nommer.",
                "Use letters, digits, _ and -.",
                "Utilisez des lettres, des chiffres, _ et -.",
            )
        for name, longest in (("header", HEADER_SHOWN), ("body", BODY_SHOWN)):
            for text in _said(module, name):
                yield from _cut(text, longest, f"{where}.{name}")


def _links(resource: Resource, kind: str) -> Iterator[Finding]:
    for link in resource.get("linksModuleData", {}).get("uris", []):
        for text in _said(link, "description"):
            yield from _cut(text, LINK_SHOWN, f"{kind}.linksModuleData.{link.get('id', '')}")


def _addresses(resource: Resource, kind: str) -> Iterator[Finding]:
    for name in ("programLogo", "wideProgramLogo", "heroImage"):
        address = str(resource.get(name, {}).get("sourceUri", {}).get("uri", ""))
        if address and not address.startswith("https://"):
            yield _hint(
                "google.picture_address",
                f"{kind}.{name}",
                f"Google fetches pictures from public https addresses only, not {address}.",
                f"Google ne va chercher les images qu’à des adresses publiques en https, pas {address}.",
                "Give the service a public https address.",
                "Donnez au service une adresse publique en https.",
            )


def _languages(resource: Resource, kind: str) -> Iterator[Finding]:
    """All texts of a resource in the same languages: a phone must not mix two."""
    seen: dict[str, set[str]] = {}
    for name, value in resource.items():
        if name.startswith("localized") and isinstance(value, Mapping):
            seen[name] = {
                str(one.get("language"))
                for one in (value.get("defaultValue", {}), *value.get("translatedValues", []))
            }
    every = set().union(*seen.values()) if seen else set()
    for name, languages in seen.items():
        if missing := sorted(every - languages):
            yield _hint(
                "google.translation_missing",
                f"{kind}.{name}",
                f"{name} has no text in {', '.join(missing)}.",
                f"{name} n’a pas de texte en {', '.join(missing)}.",
                "Translate it.",
                "Traduisez-le.",
            )


def _class_only(resource: Resource) -> Iterator[Finding]:
    colour = resource.get("hexBackgroundColor")
    if colour and not _COLOUR.fullmatch(str(colour)):
        yield _proven(
            "google.colour",
            "class.hexBackgroundColor",
            f"{colour} is no colour for Google.",
            f"{colour} n’est pas une couleur pour Google.",
            "Write it as #rrggbb.",
            "Écrivez-la #rrvvbb.",
        )
    if resource.get("reviewStatus") not in (None, "DRAFT", "UNDER_REVIEW"):
        yield _proven(
            "google.review",
            "class.reviewStatus",
            "Google refuses a class that approves itself.",
            "Google refuse une classe qui s’approuve elle-même.",
            "Send UNDER_REVIEW.",
            "Envoyez UNDER_REVIEW.",
        )
    template = resource.get("classTemplateInfo", {}).get("cardTemplateOverride", {})
    if len(template.get("cardRowTemplateInfos", [])) > ROWS_MAX:
        yield _proven(
            "google.rows",
            "class.classTemplateInfo",
            f"The card's face has at most {ROWS_MAX} rows.",
            f"La face de la carte a au plus {ROWS_MAX} lignes.",
            "Leave a row out.",
            "Retirez une ligne.",
        )


def _balance(resource: Resource) -> Iterator[Finding]:
    for name in ("loyaltyPoints", "secondaryLoyaltyPoints"):
        text = str(resource.get(name, {}).get("balance", {}).get("string", ""))
        yield from _cut(text, POINTS_SHOWN, f"object.{name}.balance")


def _codes(resource: Resource) -> Iterator[Finding]:
    if not resource.get("barcode") and not resource.get("rotatingBarcode"):
        yield _hint(
            "google.no_code",
            "object.barcode",
            "The card has no code to scan.",
            "La carte n’a pas de code à scanner.",
            "Give it a code.",
            "Donnez-lui un code.",
        )
    if resource.get("barcode") and resource.get("rotatingBarcode"):
        yield _hint(
            "google.static_fallback",
            "object.barcode",
            "With a static code besides, a copied card can fall back to it.",
            "Avec un code fixe en plus, une carte copiée peut s’y rabattre.",
            "Leave static_code off where spending needs a fresh code.",
            "Désactivez static_code là où dépenser demande un code frais.",
        )


def _said(holder: Resource, name: str) -> list[str]:
    """A text in every language that it has, each once."""
    twin = holder.get(f"localized{name[0].upper()}{name[1:]}", {})
    values = [twin.get("defaultValue", {}), *twin.get("translatedValues", [])]
    told = [str(holder.get(name, "")), *(str(one.get("value", "")) for one in values)]
    return list(dict.fromkeys(text for text in told if text))


def _proven(code: str, where: str, en: str, fr: str, fix_en: str, fix_fr: str) -> Finding:
    said, fix = _words(en, fr), _words(fix_en, fix_fr)
    return Finding(code, "proven", said, fix, where)


def _hint(code: str, where: str, en: str, fr: str, fix_en: str, fix_fr: str) -> Finding:
    said, fix = _words(en, fr), _words(fix_en, fix_fr)
    return Finding(code, "hint", said, fix, where)


def _words(en: str, fr: str) -> Text:
    """French as it is set: no break before its colons, guillemets and semicolons."""
    for before, after in (
        (" :", "\u00a0:"),
        (" ;", "\u202f;"),
        ("« ", "«\u00a0"),
        (" »", "\u00a0»"),
    ):
        fr = fr.replace(before, after)
    return {"en": en, "fr": fr}
