"""Forms in which two spellings of one person's contacts are equal."""

from __future__ import annotations

PHONE_TAIL = 9  # digits: what stays of a number whatever is written in front of it
_ONE_MAILBOX = {"googlemail.com": "gmail.com"}


def email_form(address: str) -> str:
    """`Ada.Lovelace+shop@Exemple.test` → `adalovelace@exemple.test`: the mailbox behind it.

    Dots are ignored by some providers only; where they are not, two people with names that differ
    in a dot are rare, and nothing is decided by this alone that a person cannot put right.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{_ONE_MAILBOX.get(domain, domain)}"


def phone_form(number: str) -> str:
    """The last digits of a number in E.164: the same with or without a wrong country before them."""
    return "".join(char for char in number if char.isdigit())[-PHONE_TAIL:]


def name_form(name: str) -> str:
    """The words of a name in the order of the alphabet, without regard to case."""
    return " ".join(sorted(name.casefold().replace("-", " ").split()))
