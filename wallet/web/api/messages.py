"""Messages on cards: whom one would reach before it is sent."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.google.budget import notice_reach
from wallet.actions.program_view import program_view
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.schemas import TierQuery
from wallet.web.security import key, require_key
from wallet.web.wiring import read

_TAGS = ["Messages"]


@api.get(f"{V1}/messages/reach")
@require_key
@api.input(TierQuery, location="query")
@api.output(answers.Reach, description="Whom it would reach", example=examples.REACH)
@api.doc(
    summary="Ask whom a message would reach",
    operation_id="getReach",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="A card may notify its holder three times in 24 hours, balance changes included. `notified`"
    " members would hear of a message sent now; on the cards of `silent` ones it would appear without a"
    " notification, because their budget is spent.",
    responses=refusals("tier_not_found", "body_invalid"),
)
def get_reach(query_data: TierQuery) -> answers.Reach:
    """For everybody, or for one tier."""

    def _work(session: Session) -> answers.Reach:
        program = program_view(session, key().program_id)
        found = notice_reach(session, program, clock.now(), query_data.tier)
        return answers.Reach(
            members=found.members,
            notified=found.notified,
            silent=found.silent,
            without_card=found.without_card,
        )

    return read(_work)
