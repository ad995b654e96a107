"""Giving: the charities, to whom a member gives, and what was given."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.choose_charity import choose_charity
from wallet.actions.donation_totals import donation_totals
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.member_view import member_view
from wallet.actions.program_view import program_view
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import CharityChoice, SpanQuery
from wallet.web.security import key, require_key
from wallet.web.wiring import read, write

_TAGS = ["Giving"]


@api.get(f"{V1}/charities")
@require_key
@api.output(answers.CharityList, description="The charities", example=examples.CHARITIES)
@api.doc(
    summary="List the charities",
    operation_id="listCharities",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="The first one gets what members give who chose none.",
    responses=refusals(),
)
def list_charities() -> answers.CharityList:
    """Every active charity."""

    def _work(session: Session) -> answers.CharityList:
        program = program_view(session, key().program_id)
        presenter = Presenter(program)
        return answers.CharityList(data=[presenter.charity(each) for each in program.charities])

    return read(_work)


@api.get(f"{V1}/donations/totals")
@require_key
@api.input(SpanQuery, location="query")
@api.output(answers.DonationTotals, description="What was given", example=examples.DONATION_TOTALS)
@api.doc(
    summary="Sum up the donations",
    operation_id="sumDonations",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="From `since` to before `until`. What was taken back later is taken off when it was"
    " taken back, so that a report of a past month does not change.",
    responses=refusals("body_invalid"),
)
def sum_donations(query_data: SpanQuery) -> answers.DonationTotals:
    """All in all and by charity."""

    def _work(session: Session) -> answers.DonationTotals:
        program = program_view(session, key().program_id)
        totals = donation_totals(session, program, query_data.since, query_data.until)
        return Presenter(program).donation_totals(totals)

    return read(_work)


@api.put(f"{V1}/members/<member_id>/charity")
@require_key
@api.input(CharityChoice, example=examples.CHARITY_CHOICE)
@api.output(answers.Member, description="The member after the choice", example=examples.MEMBER)
@api.doc(
    summary="Choose a member's charity",
    operation_id="chooseCharity",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="For donations to come; those already made stay where they went.",
    responses=refusals("member_not_found", "member_closed", "charity_not_found", body=True),
)
def choose(member_id: str, json_data: CharityChoice) -> answers.Member:
    """Also brings the cards up to date."""

    def _work(session: Session) -> answers.Member:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        choose_charity(session, program, member, json_data.charity_id, now)
        return Presenter(program, member.locale).member(member_view(session, program, member, now))

    return write(_work)
