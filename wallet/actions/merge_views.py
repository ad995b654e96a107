"""Merges as doors tell of them, and whom they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wallet.actions.program_view import ProgramView
from wallet.errors import Refusal
from wallet.ids import private_id
from wallet.tables.member import Member, member_with_id
from wallet.tables.merging import merge_with_id, merges_of, standing_merge
from wallet.tables.relation import Merge


@dataclass(frozen=True, slots=True)
class MergeView:
    """Who went into whom; `undone_at` is None while it holds."""

    id: int
    merged_id: int
    survivor_id: int
    at: datetime
    undone_at: datetime | None


def merge_view(merge: Merge) -> MergeView:
    """A row as a plain object."""
    return MergeView(merge.id, merge.merged_id, merge.survivor_id, merge.at, merge.undone_at)


def very_member(session: Session, program: ProgramView, member_id: str) -> Member:
    """The member with this public id, and not the one who it is after a merge; `member_not_found`."""
    number = private_id("mbr", member_id)
    member = member_with_id(session, program.id, number) if number is not None else None
    if member is None:
        raise Refusal("member_not_found")
    return member


def member_to_part(session: Session, program: ProgramView, merge_id: str) -> Member:
    """Who went into somebody by this merge; `merge_not_found`, `not_merged` when it was undone."""
    number = private_id("mrg", merge_id)
    merge = merge_with_id(session, program.id, number) if number is not None else None
    if merge is None:
        raise Refusal("merge_not_found")
    standing = standing_merge(session, merge.merged_id)
    if standing is None or standing.id != merge.id:
        raise Refusal("not_merged")
    member = member_with_id(session, program.id, merge.merged_id)
    assert member is not None
    return member


def merge_views(session: Session, member: Member) -> Sequence[MergeView]:
    """Every merge into this member, undone ones too, newest first."""
    return [merge_view(merge) for merge in merges_of(session, member.id)]
