"""Members: enrol, read, find, change, and what moved on their account."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from wallet import clock
from wallet.actions.account_views import entries_before, members_before
from wallet.actions.edit_member import MemberEdit, edit_member, put_consents
from wallet.actions.enrol import Enrolment, enrol
from wallet.actions.find_member import MemberRef, find_member
from wallet.actions.member_view import MemberView, member_view
from wallet.actions.program_view import ProgramView, program_view
from wallet.errors import Refusal
from wallet.web.api import answers, examples
from wallet.web.api.blueprint import V1, api
from wallet.web.api.documents import KEY_SCHEME, refusals
from wallet.web.api.idempotency import idempotency_key, run_once
from wallet.web.api.paging import cut, read_cursor
from wallet.web.api.present import Presenter
from wallet.web.api.schemas import (
    MemberChange,
    MemberQuery,
    NewMember,
    PageQuery,
    consents_of,
)
from wallet.web.security import key, require_key
from wallet.web.wiring import read, write

_TAGS = ["Members"]
_CONTACT_CODES = ("email_invalid", "phone_invalid", "name_invalid", "birthday_invalid")


@api.post(f"{V1}/members")
@require_key
@api.input(NewMember, example=examples.NEW_MEMBER)
@api.output(
    answers.Member,
    201,
    description="The new member",
    example=examples.MEMBER,
    headers=answers.Created,
)
@api.doc(
    summary="Enrol a member",
    operation_id="addMember",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="The `Idempotency-Key` may be left out: two members cannot have one e-mail address.",
    responses=refusals(
        "member_exists",
        "identifier_missing",
        *_CONTACT_CODES,
        "idempotency_key_invalid",
        "idempotency_key_reused",
        body=True,
    ),
    extensions={"x-idempotency-key": "optional"},
)
def add_member(json_data: NewMember) -> Any:
    """201 with a code, a number and a card."""
    asked = idempotency_key(required=False)

    def _work(session: Session) -> dict[str, Any]:
        if asked:
            return run_once(session, asked, json_data, lambda inner: _enrol(inner, json_data))
        return _enrol(session, json_data).model_dump(mode="json")

    answer = write(_work)
    return answer, 201, {"Location": f"/api{V1}/members/{answer['id']}"}


@api.get(f"{V1}/members")
@require_key
@api.input(MemberQuery, location="query")
@api.output(answers.MemberList, description="A page of members", example=examples.MEMBERS)
@api.doc(
    summary="Find members",
    operation_id="listMembers",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="By `code`, `number`, `email`, `phone`, or `source` and `external_id`; nobody found"
    " is an empty list. Without any of them: all members, newest first.",
    responses=refusals("cursor_invalid", "body_invalid", "email_invalid", "phone_invalid"),
)
def list_members(query_data: MemberQuery) -> answers.MemberList:
    """The one member named, or a page of all."""
    before_id = read_cursor("members", query_data.cursor)
    ref = query_data.ref

    def _work(session: Session) -> answers.MemberList:
        program = program_view(session, key().program_id)
        if ref is not None:
            data = [
                Presenter(program, view.locale).member(view)
                for view in _found(session, program, ref)
            ]
            return answers.MemberList(data=data, next_cursor=None)
        limit = query_data.limit
        rows = members_before(session, program, before_id, limit + 1, clock.now())
        page, cursor = cut(rows, limit, "members", lambda view: view.id)
        data = [Presenter(program, view.locale).member(view) for view in page]
        return answers.MemberList(data=data, next_cursor=cursor)

    return read(_work)


@api.get(f"{V1}/members/<member_id>")
@require_key
@api.output(answers.Member, description="The member", example=examples.MEMBER)
@api.doc(
    summary="Read a member",
    operation_id="getMember",
    tags=_TAGS,
    security=KEY_SCHEME,
    responses=refusals("member_not_found"),
)
def get_member(member_id: str) -> answers.Member:
    """The member with this id."""

    def _work(session: Session) -> answers.Member:
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        view = member_view(session, program, member, clock.now())
        return Presenter(program, member.locale).member(view)

    return read(_work)


@api.patch(f"{V1}/members/<member_id>")
@require_key
@api.input(MemberChange, example=examples.MEMBER_CHANGE)
@api.output(answers.Member, description="The member after the change", example=examples.MEMBER)
@api.doc(
    summary="Change a member",
    operation_id="changeMember",
    tags=_TAGS,
    security=KEY_SCHEME,
    description="Fields that are not named stay; `null` takes a value away; `external_ids` are added.",
    responses=refusals(
        "member_not_found",
        "member_exists",
        "member_closed",
        "locale_unknown",
        *_CONTACT_CODES,
        body=True,
    ),
)
def change_member(member_id: str, json_data: MemberChange) -> answers.Member:
    """Also brings the cards up to date."""

    def _work(session: Session) -> answers.Member:
        now = clock.now()
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        edit_member(session, program, member, _edit(json_data), key().actor, now)
        return Presenter(program, member.locale).member(member_view(session, program, member, now))

    return write(_work)


@api.get(f"{V1}/members/<member_id>/entries")
@require_key
@api.input(PageQuery, location="query")
@api.output(answers.EntryList, description="A page of movements", example=examples.ENTRIES)
@api.doc(
    summary="List a member's movements",
    operation_id="listEntries",
    tags=["Entries"],
    description="Newest first, those of members who were merged into this one among them.",
    security=KEY_SCHEME,
    responses=refusals("member_not_found", "cursor_invalid", "body_invalid"),
)
def list_entries(member_id: str, query_data: PageQuery) -> answers.EntryList:
    """Movements newest first."""
    before_id = read_cursor("entries", query_data.cursor)

    def _work(session: Session) -> answers.EntryList:
        program = program_view(session, key().program_id)
        member = find_member(session, program, MemberRef(id=member_id))
        rows = entries_before(session, member, before_id, query_data.limit + 1)
        page, cursor = cut(rows, query_data.limit, "entries", lambda entry: entry.id or 0)
        data = Presenter(program, member.locale).entries(page)
        return answers.EntryList(data=data, next_cursor=cursor)

    return read(_work)


def _enrol(session: Session, new: NewMember) -> answers.Member:
    now = clock.now()
    program = program_view(session, key().program_id)
    consents = consents_of(new.consents)
    enrolment = Enrolment(
        locale=_language(new.locale or ""),
        email=new.email or "",
        phone=new.phone or "",
        name=new.name or "",
        birthday=new.birthday,
        external_ids=_external_ids(new),
        referral_code=new.referral_code or "",
    )
    member = enrol(session, program, enrolment, key().actor, now)
    put_consents(session, member, consents, key().actor, now)
    return Presenter(program, member.locale).member(member_view(session, program, member, now))


def _edit(change: MemberChange) -> MemberEdit:
    named = change.model_fields_set
    return MemberEdit(
        name=(change.name or "") if "name" in named else None,
        locale=_language(change.locale) if "locale" in named else None,
        birthday=(change.birthday,) if "birthday" in named else None,
        tags=change.tags if "tags" in named else None,
        email=(change.email or "") if "email" in named else None,
        phone=(change.phone or "") if "phone" in named else None,
        external_ids=_external_ids(change),
        consents=consents_of(change.consents),
    )


def _external_ids(said: NewMember | MemberChange) -> tuple[tuple[str, str], ...]:
    """(source, id), each once."""
    return tuple(dict.fromkeys((outer.source, outer.id) for outer in said.external_ids))


def _language(tag: str) -> str:
    """`fr-CA` → `fr`: cards speak languages, not regions."""
    return tag.replace("_", "-").partition("-")[0].lower()


def _found(session: Session, program: ProgramView, ref: MemberRef) -> list[MemberView]:
    try:
        member = find_member(session, program, ref)
    except Refusal as refusal:
        if refusal.status == 404:
            return []
        raise
    return [member_view(session, program, member, clock.now())]
