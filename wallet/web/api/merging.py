"""Merging: two members who are one person become one, and apart again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.member_view import member_view
from wallet.actions.merge_members import merge_members
from wallet.actions.merge_views import member_to_part, merge_view, merge_views, very_member
from wallet.actions.program_view import program_view
from wallet.actions.suggest_duplicates import suggest_duplicates
from wallet.actions.unmerge_members import unmerge_members
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.idempotency import idempotency_key, run_once
from wallet.web.api.paging import make_cursor, read_cursor
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import NewMerge, PageQuery
from wallet.web.security import key, require_key
from wallet.web.wiring import read, write

_TAGS = ["Merging"]


@api.post(f"{V1}/members/<member_id>/merge")
@require_key
@api.input(NewMerge, example=examples.NEW_MERGE)
@api.output(
    answers.MergedMember, description="The member who stays", example=examples.MERGED_MEMBER
)
@api.doc(
    summary="Merge a member into another one",
    operation_id="mergeMember",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Balances, history, cards and everything by which the member was found go over to"
    " `into`; its id, code and cards lead there from now on. Merging the same two again changes"
    " nothing, so the `Idempotency-Key` may be left out.",
    responses=refusals(
        "member_not_found",
        "member_closed",
        "member_merged",
        "merge_same",
        "idempotency_key_invalid",
        "idempotency_key_reused",
        body=True,
    ),
    extensions={"x-idempotency-key": "optional"},
)
def merge(member_id: str, json_data: NewMerge) -> Any:
    """The survivor, with the id of the merge for undoing it."""
    asked = idempotency_key(required=False)

    def _merge(session: Session) -> answers.MergedMember:
        now = clock.now()
        program = program_view(session, key().program_id)
        merged = very_member(session, program, member_id)
        into = find_member(session, program, MemberRef(id=json_data.into))
        done = merge_members(session, program, merged, into, key().actor, now)
        survivor = find_member(session, program, MemberRef(id=member_id))
        view = member_view(session, program, survivor, now)
        return Presenter(program, survivor.locale).merged(view, merge_view(done))

    def _work(session: Session) -> dict[str, Any]:
        if asked:
            return run_once(session, asked, json_data, _merge)
        return _merge(session).model_dump(mode="json")

    return write(_work)


@api.post(f"{V1}/merges/<merge_id>/undo")
@require_key
@api.output(
    answers.Member, description="The member who stands alone again", example=examples.MEMBER
)
@api.doc(
    summary="Undo a merge",
    operation_id="undoMerge",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Everybody has their own again. What came after the merge stays with the member who"
    " stayed; what that one has spent since of the other's is owed.",
    responses=refusals("merge_not_found", "not_merged", "merge_not_last"),
)
def undo(merge_id: str) -> answers.Member:
    """The member who had gone into the other one."""

    def _work(session: Session) -> answers.Member:
        now = clock.now()
        program = program_view(session, key().program_id)
        merged = member_to_part(session, program, merge_id)
        member = unmerge_members(session, program, merged, key().actor, now)
        return Presenter(program, member.locale).member(member_view(session, program, member, now))

    return write(_work)


@api.get(f"{V1}/members/<member_id>/merges")
@require_key
@api.output(answers.MergeList, description="The merges", example=examples.MERGES)
@api.doc(
    summary="List the merges into a member",
    operation_id="listMerges",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Newest first, undone ones too.",
    responses=refusals("member_not_found"),
)
def list_merges(member_id: str) -> answers.MergeList:
    """Who went into this member."""

    def _work(session: Session) -> answers.MergeList:
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        presenter = Presenter(program, member.locale)
        found = merge_views(session, member)
        return answers.MergeList(data=[presenter.merge(each) for each in found])

    return read(_work)


@api.get(f"{V1}/members/duplicates")
@require_key
@api.input(PageQuery, location="query")
@api.output(answers.DuplicateList, description="A page of suggestions", example=examples.DUPLICATES)
@api.doc(
    summary="Suggest who may be one person",
    operation_id="listDuplicates",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="The likeliest first. Reads every contact of the program: for somebody who tidies"
    " up, not for every request of a shop.",
    responses=refusals("cursor_invalid", "body_invalid"),
)
def list_duplicates(query_data: PageQuery) -> answers.DuplicateList:
    """Pairs with the reasons."""
    start = read_cursor("duplicates", query_data.cursor) or 0

    def _work(session: Session) -> answers.DuplicateList:
        program = program_view(session, key().program_id)
        found, following = suggest_duplicates(session, program, start, query_data.limit)
        presenter = Presenter(program)
        return answers.DuplicateList(
            data=[presenter.duplicate(each) for each in found],
            next_cursor=None if following is None else make_cursor("duplicates", following),
        )

    return read(_work)
