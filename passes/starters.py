"""Designs to start from: what a café, a boutique, a salon, a grocer and a sports shop would choose.

Each is a part of a design document that is laid over the one at hand: colours, the drawn picture,
which facts stand where, texts of the back. The brand's own name, logo and pictures stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passes.design_parts import ROWS

_LAYOUT: dict[str, list[str]] = {
    "header": ["balance"],
    "primary": ["member"],
    "secondary": ["tier", "credit", "*"],
    "auxiliary": ["next_reward"],
    "back": ["ready", "number"],
}
# Where what can be had now matters more than whose card it is.
_TEMPTING = {
    **_LAYOUT,
    "primary": ["ready"],
    "secondary": ["member", "tier", "*"],
    "back": ["credit", "number"],
}
# The same on Android's card: every starter says both, so that one can be tried after the other.
_ROWS = [list(row) for row in ROWS]
_TEMPTING_ROWS = [["balance", "tier"], ["ready", "next_reward"], ["member", "number"]]


def _text(key: str, french: tuple[str, str], english: tuple[str, str]) -> dict[str, Any]:
    return {
        "key": key,
        "title": {"fr": french[0], "en": english[0]},
        "body": {"fr": french[1], "en": english[1]},
        "url": None,
        "kind": "text",
    }


STARTERS: Mapping[str, Mapping[str, Any]] = {
    "cafe": {
        "background": "#3b2417",
        "foreground": "#fdf3e3",
        "label": "#e2b987",
        "pattern": "rings",
        "layout": _LAYOUT,
        "google_rows": _ROWS,
        "back": [
            _text(
                "how",
                (
                    "Comment ça marche",
                    "Montrez cette carte à chaque passage en caisse : vos points s’ajoutent aussitôt.",
                ),
                ("How it works", "Show this card at each visit: your points are added at once."),
            )
        ],
    },
    "boutique": {
        "background": "#f3ece1",
        "foreground": "#2d211b",
        "label": "#7a5a3a",
        "pattern": "arches",
        "layout": _LAYOUT,
        "google_rows": _ROWS,
        "back": [
            _text(
                "service",
                (
                    "Vos avantages",
                    "Retouches offertes, échanges sous 30 jours et avant-premières des collections.",
                ),
                (
                    "Your benefits",
                    "Free alterations, exchanges within 30 days and first looks at each collection.",
                ),
            )
        ],
    },
    "salon": {
        "background": "#552741",
        "foreground": "#fff1f7",
        "label": "#f2b8d2",
        "pattern": "waves",
        "layout": _TEMPTING,
        "google_rows": _TEMPTING_ROWS,
        "back": [
            _text(
                "booking",
                (
                    "Prendre rendez-vous",
                    "Appelez-nous ou passez nous voir. Prévenez-nous 24 heures avant pour annuler.",
                ),
                ("Booking", "Call us or drop in. Please cancel at least 24 hours before."),
            )
        ],
    },
    "grocer": {
        "background": "#1f4a2c",
        "foreground": "#f6fbea",
        "label": "#c5dd8f",
        "pattern": "leaves",
        "layout": _LAYOUT,
        "google_rows": _ROWS,
        "back": [
            _text(
                "season",
                (
                    "De saison",
                    "Vos points comptent aussi sur les paniers de producteurs et la livraison.",
                ),
                ("In season", "Your points count on farmers’ baskets and on delivery too."),
            )
        ],
    },
    "sports": {
        "background": "#10233f",
        "foreground": "#ffffff",
        "label": "#7fd0ff",
        "pattern": "rays",
        "layout": _TEMPTING,
        "google_rows": _TEMPTING_ROWS,
        "back": [
            _text(
                "club",
                (
                    "Le club",
                    "Sorties du dimanche, essais de matériel et révision offerte chaque printemps.",
                ),
                ("The club", "Sunday runs, gear to try and a free check-up every spring."),
            )
        ],
    },
}
