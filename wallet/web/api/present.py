"""From what actions return to what callers get, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request
from werkzeug.datastructures import LanguageAccept

from wallet.actions import account_views as views
from wallet.actions.member_view import Balance, MemberView
from wallet.actions.program_view import ProgramView, RewardView
from wallet.ids import public_id
from wallet.rules.ruleset import Tier
from wallet.web.api import answers


class Presenter:
    """Speaks the caller's language (`Accept-Language`), else the member's, else the program's."""

    def __init__(self, program: ProgramView, member_locale: str = "") -> None:
        self._program = program
        self._locale = _asked_language(program) or member_locale or program.locale

    def member(self, view: MemberView) -> answers.Member:
        """A member."""
        reward = view.next_reward
        return answers.Member(
            id=view.public_id,
            number=view.number,
            code=view.code,
            name=view.name,
            email=view.email or None,
            phone=view.phone or None,
            locale=view.locale,
            status=view.status,
            tier=self.tier(view.standing.tier),
            balances=self.balances(view.balances),
            next_reward=answers.NextReward(
                id=public_id("rwd", reward.id),
                name=self._say(reward.name),
                missing=view.reward_missing,
            )
            if reward
            else None,
            card_url=view.card_url,
            apple_url=f"{view.card_url}/apple.pkpass",
            google_url=f"{view.card_url}/google",
            joined_at=view.joined_at,
        )

    def tier(self, tier: Tier | None) -> answers.Tier | None:
        """A status with its name."""
        return answers.Tier(key=tier.key, name=self._say(tier.name)) if tier else None

    def balances(self, balances: Mapping[str, Balance]) -> answers.Balances:
        """Every unit of the program."""
        return {
            unit: answers.Balance(available=held.available, pending=held.pending)
            for unit, held in balances.items()
        }

    def entries(self, entries: Iterable[views.EntryView]) -> list[answers.Entry]:
        """Movements with their reasons."""
        return [self._entry(entry) for entry in entries]

    def purchase(self, purchase: views.PurchaseView) -> answers.Purchase:
        """A sale."""
        return answers.Purchase(
            id=_opaque("pur", purchase.id),
            member_id=public_id("mbr", purchase.member_id),
            source=purchase.source,
            external_id=purchase.external_id,
            channel=purchase.channel,
            amount_minor=purchase.amount_minor,
            refunded_minor=purchase.refunded_minor,
            currency=purchase.currency,
            items=[dict(item) for item in purchase.items],
            occurred_at=purchase.occurred_at,
            recorded_at=purchase.recorded_at,
        )

    def redemption(self, redemption: views.RedemptionView) -> answers.Redemption:
        """A reward taken."""
        return answers.Redemption(
            id=public_id("red", redemption.id),
            member_id=public_id("mbr", redemption.member_id),
            reward_id=public_id("rwd", redemption.reward_id),
            status=redemption.status,
            unit=redemption.unit,
            cost=redemption.cost,
            channel=redemption.channel,
            occurred_at=redemption.occurred_at,
        )

    def reward(self, reward: RewardView) -> answers.Reward:
        """A line of the catalogue."""
        return answers.Reward(
            id=public_id("rwd", reward.id),
            name=self._say(reward.name),
            description=self._say(reward.description),
            kind=reward.kind,
            value=dict(reward.value),
            unit=reward.unit,
            cost=reward.cost,
        )

    def purchase_result(
        self, purchase: views.PurchaseView, outcome: views.Outcome, *, repeated: bool
    ) -> answers.PurchaseResult:
        """What a sale or its refund did."""
        return answers.PurchaseResult(
            purchase=self.purchase(purchase),
            entries=self.entries(outcome.entries),
            balances=self.balances(outcome.balances),
            tier=self.tier(outcome.tier),
            repeated=repeated,
        )

    def _entry(self, entry: views.EntryView) -> answers.Entry:
        return answers.Entry(
            id=_opaque("ent", entry.id),
            unit=entry.unit,
            kind=entry.kind,
            quantity=entry.quantity,
            balance_after=entry.balance_after,
            occurred_at=entry.occurred_at,
            recorded_at=entry.recorded_at,
            channel=entry.channel,
            purchase_id=_opaque("pur", entry.purchase_id),
            reverses=_opaque("ent", entry.reverses_id),
            why=[
                answers.Why(
                    text=self._say(reason["text"]),
                    rule=reason["rule"],
                    rule_version=reason["rule_version"],
                )
                for reason in entry.why
            ],
        )

    def _say(self, words: Mapping[str, str]) -> str:
        return self._program.text(words, self._locale)


def _asked_language(program: ProgramView) -> str | None:
    """The program's language that the caller likes best; `*` is not a wish."""
    wishes = LanguageAccept([wish for wish in request.accept_languages if wish[0] != "*"])
    return wishes.best_match(program.locales)


def _opaque(kind: str, number: int | None) -> str | None:
    return None if number is None else public_id(kind, number)
