"""From what actions return to what callers get, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request
from werkzeug.datastructures import LanguageAccept

from wallet.actions import account_views as views
from wallet.actions.donation_totals import DonationTotals
from wallet.actions.member_view import Balance, MemberView, VoucherView
from wallet.actions.membership_views import MembershipView
from wallet.actions.merge_views import MergeView
from wallet.actions.program_view import CharityView, ProgramView, RewardView
from wallet.actions.referral_views import ReferralsView
from wallet.actions.suggest_duplicates import TEXTS, Suggestion
from wallet.actions.voucher_state import VoucherState
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
            tags=view.tags,
            vouchers=[self._voucher_line(voucher) for voucher in view.vouchers],
            memberships=[
                answers.PaidPlan(
                    plan=paid.plan.key, name=self._say(paid.plan.name), last_day=paid.last_day
                )
                for paid in view.notes.plans
            ],
            charity=self.charity(view.charity) if view.charity else None,
            referral_url=view.notes.url or None,
        )

    def merged(self, view: MemberView, merge: MergeView) -> answers.MergedMember:
        """The member who stays after a merge."""
        return answers.MergedMember(merge=self.merge(merge), **dict(self.member(view)))

    def tier(self, tier: Tier | None) -> answers.Tier | None:
        """A status with its name."""
        return answers.Tier(key=tier.key, name=self._say(tier.name)) if tier else None

    def balances(self, balances: Mapping[str, Balance]) -> answers.Balances:
        """Every unit of the program."""
        return {
            unit: answers.Balance(
                available=one.available, pending=one.pending, held=one.held or None
            )
            for unit, one in balances.items()
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
            tax_minor=purchase.tax_minor,
            shipping_minor=purchase.shipping_minor,
            gift_card_minor=purchase.gift_card_minor,
            credit_minor=purchase.credit_minor,
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

    def activity(self, activity: views.ActivityView) -> answers.Activity:
        """Something that a member did."""
        return answers.Activity(
            id=public_id("act", activity.id),
            member_id=public_id("mbr", activity.member_id),
            kind=activity.kind,
            source=activity.source,
            external_id=activity.external_id,
            channel=activity.channel,
            occurred_at=activity.occurred_at,
            recorded_at=activity.recorded_at,
        )

    def membership(self, period: MembershipView) -> answers.Membership:
        """A paid period."""
        return answers.Membership(
            id=public_id("msh", period.id),
            member_id=public_id("mbr", period.member_id),
            plan=period.plan,
            name=self._say(period.name),
            status=period.status,
            source=period.source,
            external_id=period.external_id,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            last_day=period.last_day,
            cancelled_at=period.cancelled_at,
        )

    def merge(self, merge: MergeView) -> answers.Merge:
        """Who went into whom."""
        return answers.Merge(
            id=public_id("mrg", merge.id),
            merged_id=public_id("mbr", merge.merged_id),
            survivor_id=public_id("mbr", merge.survivor_id),
            at=merge.at,
            undone_at=merge.undone_at,
        )

    def duplicate(self, found: Suggestion) -> answers.Duplicate:
        """Two members who may be one person."""
        older, newer = (
            answers.Person(
                id=public_id("mbr", member.id),
                number=member.number,
                name=member.name,
                joined_at=member.joined_at,
            )
            for member in (found.older, found.newer)
        )
        return answers.Duplicate(
            older=older,
            newer=newer,
            score=found.score,
            reasons=[
                answers.DuplicateReason(key=reason, text=self._say(TEXTS[reason]))
                for reason in found.reasons
            ],
        )

    def referrals(self, view: ReferralsView) -> answers.Referrals:
        """The code to share and the friends."""
        return answers.Referrals(
            code=view.code or None,
            url=view.url or None,
            friends=[
                answers.Friend(
                    member_id=public_id("mbr", friend.member_id),
                    status=friend.status,
                    reason=self._say(friend.reason) if friend.reason else None,
                    joined_at=friend.joined_at,
                    due_at=friend.due_at,
                    rewarded_at=friend.rewarded_at,
                )
                for friend in view.friends
            ],
        )

    def _voucher_line(self, voucher: VoucherView) -> answers.VoucherLine:
        return answers.VoucherLine(
            code=voucher.code,
            name=self._say(voucher.name),
            kind=voucher.kind,
            value=dict(voucher.value),
            opens_at=voucher.opens_at,
            expires_at=voucher.expires_at,
        )

    def voucher(self, voucher: VoucherState) -> answers.Voucher:
        """A reward waiting to be used, or one that waited."""
        return answers.Voucher(
            code=voucher.code,
            member_id=public_id("mbr", voucher.member_id),
            redemption_id=public_id("red", voucher.redemption_id),
            reward=self.reward(voucher.reward),
            status=voucher.status,
            obstacle=voucher.obstacle,
            issued_at=voucher.issued_at,
            opens_at=voucher.opens_at,
            expires_at=voucher.expires_at,
            used_at=voucher.used_at,
            used_channel=voucher.used_channel,
        )

    def payment(self, payment: views.PaymentView) -> answers.CreditPayment:
        """Credit that paid part of a bill."""
        return answers.CreditPayment(
            id=public_id("cpy", payment.id),
            member_id=public_id("mbr", payment.member_id),
            unit=payment.unit,
            amount_minor=payment.amount_minor,
            refunded_minor=payment.refunded_minor,
            bill_minor=payment.bill_minor,
            source=payment.source,
            external_id=payment.external_id,
            purchase_id=_opaque("pur", payment.purchase_id),
            occurred_at=payment.occurred_at,
        )

    def charity(self, charity: CharityView) -> answers.Charity:
        """Somebody to whom members may give."""
        return answers.Charity(id=public_id("chy", charity.id), name=self._say(charity.name))

    def donation_totals(self, totals: DonationTotals) -> answers.DonationTotals:
        """What was given."""
        return answers.DonationTotals(
            currency=totals.currency,
            total_minor=totals.total_minor,
            charities=[
                answers.CharityTotal(
                    charity_id=public_id("chy", each.charity_id),
                    name=self._say(each.name),
                    amount_minor=each.amount_minor,
                )
                for each in totals.charities
            ],
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
