"""The first program of an installation, made by whoever can read the terminal of the machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.starters import STARTERS
from wallet.actions.create_program import NewProgram, NewStore, create_program, starter_design
from wallet.actions.identify import check_text, clean_name
from wallet.actions.program_view import ProgramView, program_view
from wallet.actions.staff_access import NewStaff, create_staff
from wallet.actions.starter_kits import KITS, kit_rules
from wallet.errors import Refusal
from wallet.rules.search_words import folded
from wallet.tables.program import programs

CODE_BYTES = 10  # 80 bits: nobody guesses it, and it fits a line
SLUG_LENGTH_MAX = 40
ADDRESS_LENGTH_MAX = 200  # characters: a long one in three lines
_CONTEXT = b"comptoir: the first program"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a merchant says about a new program. `kind` is a key of `KITS`."""

    shop: str
    kind: str
    store: str
    address: str
    owner: str
    email: str
    password: str
    locale: str = "fr"


def start_code(secret_key: str) -> str:
    """The code that setup prints. It follows from the secret key: nothing is kept."""
    digest = hmac.digest(secret_key.encode(), _CONTEXT, hashlib.sha256)
    return base64.b32encode(digest[:CODE_BYTES]).decode()


def is_untouched(session: Session) -> bool:
    """Whether there is no program yet."""
    return not programs(session)


def is_start_code(secret_key: str, code: str) -> bool:
    """Whether this is the code, compared in constant time; small letters and spaces are forgiven."""
    typed = "".join(code.split()).upper()
    return hmac.compare_digest(start_code(secret_key).encode(), typed.encode())


def open_first_program(session: Session, opening: Opening, now: datetime) -> ProgramView:
    """The program with its look, rules, rewards, store and owner; `program_exists` once there is one."""
    if not is_untouched(session):
        raise Refusal("program_exists")
    shop = clean_name(opening.shop)
    if not shop:
        raise Refusal("name_invalid")
    check_text(opening.address, "address", ADDRESS_LENGTH_MAX)
    kit = KITS[opening.kind]
    new = NewProgram(
        slug=slug_of(shop),
        name=shop,
        rules=kit_rules(),
        design=_design(shop, opening.kind),
        locale=opening.locale,
        details=_details(),
        stores=(NewStore(clean_name(opening.store) or shop, opening.address.strip()),),
        rewards=kit.rewards,
    )
    program = create_program(session, new, now)
    view = program_view(session, program.id)
    owner = NewStaff(
        opening.email,
        opening.owner,
        "owner",
        opening.password,
        opening.locale,
        view.stores[0].id,
    )
    create_staff(session, view.id, owner, now)
    return view


def slug_of(name: str) -> str:
    """The address word of a name: `Café Lumière` gives `cafe-lumiere`."""
    words = re.findall(r"[a-z0-9]+", folded(name))
    return "-".join(words)[:SLUG_LENGTH_MAX].strip("-") or "programme"


def _design(shop: str, kind: str) -> Mapping[str, Any]:
    return {**starter_design(shop), **STARTERS[kind]}


def _details() -> dict[str, Any]:
    return {
        "welcome": {
            "fr": "1 point par euro dépensé, et des points offerts dès l’inscription.",
            "en": "1 point for each euro spent, and points for joining.",
        }
    }
