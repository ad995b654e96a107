"""Practice: everything the till does, with a customer who does not exist. Nothing is read of any
member and nothing is written: what happened so far comes along with each request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Response, jsonify
from flask_babel import gettext as _
from pydantic import Field

from scanner.bodies import Article, Body, PublicId, read_body
from scanner.guard import somebody_at_till
from scanner.hub import activity_at_till, changes, hub, reward_line
from wallet import clock
from wallet.actions.member_view import Balance, MemberView
from wallet.actions.program_view import ProgramView, RewardView, program_view
from wallet.errors import Refusal
from wallet.ids import public_id
from wallet.rules.earning import MemberFacts, Sale, earn, earn_activity, sale_lines
from wallet.rules.money import AMOUNT_MINOR_MAX
from wallet.rules.periods import local_time
from wallet.rules.shelf import earns_by_visit
from wallet.rules.tiers import standing
from wallet.web.locale import current_language
from wallet.web.security import staff
from wallet.web.wiring import read

ACTS_MAX = 40  # of one practice customer: then the next one comes
NUMBER = "000000000"  # no member has it: real ones do not begin with 0


class Act(Body):
    """One thing that was practised: what it is decides which of the fields says more."""

    kind: Literal["purchase", "redemption", "activity", "undo"]
    amount_minor: Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)] = 0
    items: Annotated[list[Article], Field(max_length=50)] = Field(default_factory=list)
    reward_id: PublicId = ""
    activity: PublicId = ""


class Practice(Body):
    """All acts so far, the newest last; none asks for the customer as they come in."""

    acts: Annotated[list[Act], Field(max_length=ACTS_MAX + 1)]


@dataclass(slots=True)
class Scene:
    """The practice customer so far. `done` is what each act moved, for undoing the last one."""

    program: ProgramView
    now: datetime
    balances: dict[str, int]
    done: list[list[tuple[str, int]]] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)

    def play(self, act: Act) -> None:
        """One act more."""
        self.said = {}
        moved = list(_PLAYS[act.kind](self, act))
        for unit, quantity in moved:
            self.balances[unit] += quantity
        self.done.append(moved)


@somebody_at_till
def practise() -> Response:
    """POST /till/api/practice: the customer after these acts, and what the last one did."""
    body = read_body(Practice)
    if len(body.acts) > ACTS_MAX:
        raise Refusal("practice_too_long")
    program = read(lambda session: program_view(session, staff().program_id))
    scene = Scene(program, clock.now(), _purse(program))
    for act in body.acts:
        scene.play(act)
    last = scene.done[-1] if scene.done else []
    is_undo = bool(body.acts) and body.acts[-1].kind == "undo"
    return jsonify(
        member=hub(program, _view(scene), current_language()),
        changes=changes(last),
        undo=None if is_undo or not body.acts else {"practice": True},
        repeated=False,
        **scene.said,
    )


def _purse(program: ProgramView) -> dict[str, int]:
    """Enough for the cheapest reward, so that giving and taking can both be tried."""
    purse = {unit.key: 0 for unit in program.ruleset.units}
    main = program.ruleset.main_unit.key
    purse[main] = min((reward.cost for reward in program.rewards if reward.unit == main), default=0)
    return purse


def _buy(scene: Scene, act: Act) -> Iterator[tuple[str, int]]:
    program = scene.program
    if not act.amount_minor and not earns_by_visit(program.ruleset):
        raise Refusal("amount_invalid")
    lines = sale_lines([line.model_dump() for line in act.items])
    sale = Sale(act.amount_minor, program.currency, "store", lines=lines)
    sale = replace(sale, is_visit=not act.amount_minor)
    for award in earn(program.ruleset, sale, _facts(scene)):
        yield award.unit, award.quantity


def _take(scene: Scene, act: Act) -> Iterator[tuple[str, int]]:
    reward = next(
        (each for each in _offered(scene) if public_id("rwd", each.id) == act.reward_id), None
    )
    if reward is None:
        raise Refusal("reward_not_found")
    if scene.balances[reward.unit] < reward.cost:
        raise Refusal("insufficient_balance")
    scene.said = {"reward": reward_line(scene.program, reward, current_language())}
    yield reward.unit, -reward.cost


def _note(scene: Scene, act: Act) -> Iterator[tuple[str, int]]:
    rule = activity_at_till(scene.program, act.activity)
    scene.said = {"activity": scene.program.text(rule.name, current_language())}
    rules, currency = scene.program.ruleset, scene.program.currency
    for award in earn_activity(rules, rule.activity, "store", _facts(scene), currency):
        yield award.unit, award.quantity


def _undo(scene: Scene, _act: Act) -> Iterator[tuple[str, int]]:
    if not scene.done or not scene.done[-1]:
        raise Refusal("already_reversed")
    for unit, quantity in scene.done[-1]:
        yield unit, -quantity


_PLAYS = {"purchase": _buy, "redemption": _take, "activity": _note, "undo": _undo}


def _facts(scene: Scene) -> MemberFacts:
    tier = standing(scene.program.ruleset, 0).tier
    at = local_time(scene.now, scene.program.time_zone)
    return MemberFacts(at=at, tier_key=tier.key if tier else None)


def _offered(scene: Scene) -> list[RewardView]:
    """Rewards with conditions need a real member."""
    return [
        reward
        for reward in scene.program.rewards
        if not (reward.tier_keys or reward.tags or reward.choice or reward.mode == "voucher")
    ]


def _view(scene: Scene) -> MemberView:
    program, offered = scene.program, _offered(scene)
    main = program.ruleset.main_unit.key
    beyond = [
        reward
        for reward in offered
        if reward.unit == main and reward.cost > scene.balances[reward.unit]
    ]
    following = min(beyond, key=lambda reward: reward.cost, default=None)
    return MemberView(
        id=0,
        number=NUMBER,
        code="",
        name=_("Practice customer"),
        locale=current_language(),
        status="active",
        email="",
        phone="",
        standing=standing(program.ruleset, 0),
        balances={unit: Balance(held, 0) for unit, held in scene.balances.items()},
        next_reward=following,
        reward_missing=following.cost - scene.balances[main] if following else 0,
        joined_at=scene.now,
        last_visit_at=None,
        card_url="",
        rewards=tuple(offered),
        obstacles={reward.id: None for reward in offered},
    )
