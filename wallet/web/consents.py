"""What a member may agree to, word for word: the same sentence wherever it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from wallet.actions.program_view import ProgramView


@dataclass(frozen=True, slots=True)
class Consent:
    """One channel with the sentence that is agreed to."""

    purpose: str
    sentence: str


def consents_of(program: ProgramView) -> list[Consent]:
    """In the language of the request."""
    name = program.name
    return [
        Consent(
            "email", _("Yes, %(program)s may send me news and offers by e-mail.", program=name)
        ),
        Consent(
            "sms", _("Yes, %(program)s may send me news and offers by text message.", program=name)
        ),
    ]
