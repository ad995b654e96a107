"""Activities: anything but a sale that may earn."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import activity_view, outcome
from wallet.actions.find_member import find_member
from wallet.actions.once import Ask, once
from wallet.actions.program_view import program_view
from wallet.actions.record_activity import ActivityFacts, record_activity
from wallet.ids import public_id
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, MEMBER_CODES, refusals
from wallet.web.api.idempotency import write_once
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewActivity
from wallet.web.security import key, require_key


@api.post(f"{V1}/activities")
@require_key
@api.input(NewActivity, example=examples.NEW_ACTIVITY)
@api.output(
    answers.ActivityResult,
    201,
    description="What the activity did",
    example=examples.ACTIVITY_RESULT,
)
@api.doc(
    summary="Record an activity",
    operation_id="addActivity",
    tags=["Activities"],
    security=KEY_SCHEME,
    description="A newsletter, a review, an eco action, any `kind` that the program's rules name;"
    " kinds they do not name are kept and earn nothing. The same `kind`, `source` and `external_id`"
    " with the same facts answer the first result again; with other facts, 409 `activity_exists`.",
    responses=refusals(
        *MEMBER_CODES, "activity_exists", "activity_in_future", body=True, value=True
    ),
    extensions={"x-idempotency-key": "required"},
)
def add_activity(json_data: NewActivity) -> Any:
    """201 with the movements and where they leave the member."""
    facts = ActivityFacts(
        kind=json_data.kind,
        source=json_data.source,
        external_id=json_data.external_id,
        occurred_at=json_data.occurred_at,
        channel=json_data.channel,
    )

    def _work(session: Session) -> dict[str, Any]:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, json_data.member.ref)
        recorded = record_activity(session, program, member, facts, key().actor, now)

        def _answer() -> dict[str, Any]:
            after = outcome(session, program, member, recorded.entries, now)
            presenter = Presenter(program, member.locale)
            return answers.ActivityResult(
                activity=presenter.activity(activity_view(recorded.activity)),
                entries=presenter.entries(after.entries),
                balances=presenter.balances(after.balances),
                tier=presenter.tier(after.tier),
                repeated=recorded.repeated,
            ).model_dump(mode="json")

        # Kept a second time by the activity itself: a shop that lost its key sends a new one.
        ask = Ask(program.id, "activity", public_id("act", recorded.activity.id), None)
        return once(session, ask, now, _answer)

    return write_once(json_data, _work)
