"""Refusal: a request understood and declined, with a public code.

The codes are part of the API: they do not change. Each has the HTTP status of its problem document
and a sentence for people (English here, French in the catalogue).
"""

from __future__ import annotations

from typing import Any


def N_(text: str) -> str:  # noqa: N802  gettext's own name for "translate later"
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


CODES: dict[str, tuple[int, str]] = {
    # designs
    "design_invalid": (422, N_("This is not a card design yet: please check the marked fields.")),
    "design_not_found": (404, N_("There is no such version of the card.")),
    "design_blocked": (409, N_("The card has a fault that a wallet would refuse. Mend it first.")),
    "draft_conflict": (
        409,
        N_("Somebody else changed this draft meanwhile. Reload the page to go on from theirs."),
    ),
    "picture_missing": (
        422,
        N_("A picture of this design is not there any more: upload it again."),
    ),
    "picture_format": (422, N_("Only PNG and JPEG pictures can be used.")),
    "picture_too_large": (413, N_("This picture is larger than 10 MB.")),
    "picture_too_many_pixels": (
        422,
        N_("This picture has too many pixels: use at most 40 million, as a phone's camera makes."),
    ),
    "picture_too_small": (422, N_("This picture is too small: use at least 16 × 16 pixels.")),
    "picture_animated": (422, N_("This picture is animated; wallets show still pictures only.")),
    "picture_empty": (422, N_("This picture is fully transparent.")),
    "picture_broken": (422, N_("This file is no picture that can be read.")),
    "pictures_too_many": (409, N_("This program keeps 500 pictures already.")),
    # members
    "member_not_found": (404, N_("No member was found.")),
    "member_exists": (409, N_("There is already a member with this e-mail, phone number or id.")),
    "member_reference_invalid": (
        422,
        N_("A member reference has exactly one of id, code, number, email, phone, external_id."),
    ),
    "identifier_missing": (
        422,
        N_("At least one of e-mail, phone number or external id is needed."),
    ),
    "email_invalid": (422, N_("This e-mail address is not valid.")),
    "phone_invalid": (422, N_("This phone number is not valid.")),
    "name_invalid": (422, N_("This name cannot be used: please use up to 64 ordinary characters.")),
    "birthday_invalid": (422, N_("This birthday is not possible.")),
    "code_not_ours": (404, N_("This is not a member code.")),
    "code_unknown": (404, N_("This card is not known here.")),
    "query_too_short": (422, N_("Please type at least three letters or digits.")),
    "card_is_test": (409, N_("This is a test card of the card designer. It belongs to nobody.")),
    "locale_unknown": (422, N_("The program does not speak this language.")),
    "member_closed": (409, N_("This membership is closed.")),
    "member_merged": (409, N_("This member was already merged into another one.")),
    "merge_same": (409, N_("This is one and the same member.")),
    "merge_unclear": (
        422,
        N_("This names no member, or several. Please type the number on the card."),
    ),
    "merge_not_found": (404, N_("No such merge.")),
    "not_merged": (409, N_("This member was not merged.")),
    "merge_not_last": (409, N_("The other member was merged later: please undo that first.")),
    "activity_exists": (409, N_("This activity was already recorded with other facts.")),
    "activity_unknown": (404, N_("Tills do not note this activity.")),
    "activity_in_future": (422, N_("The activity is dated in the future.")),
    "plan_unknown": (422, N_("The program has no such plan.")),
    "membership_exists": (409, N_("This period was already recorded with other facts.")),
    "membership_not_found": (404, N_("No such paid membership.")),
    "code_needed": (403, N_("Please scan the card for this: a name or a number is not enough.")),
    "code_must_be_fresh": (
        403,
        N_("This needs the code that changes. Ask for the open card on the phone and scan it."),
    ),
    "confirmation_needed": (
        403,
        N_("The customer has to say yes to this: on their card's page, by PIN or on the screen."),
    ),
    "confirmation_refused": (409, N_("The customer said no.")),
    "confirmation_over": (409, N_("This question is over. Please begin again.")),
    "confirmation_not_here": (
        403,
        N_("The customer has to answer this on their own phone, or by their own PIN."),
    ),
    "confirmation_not_found": (404, N_("There is no such question.")),
    "approval_needed": (403, N_("A manager has to allow this with their PIN.")),
    "card_used_often": (
        403,
        N_("This card was used for rewards often in a short time. A manager can allow one more."),
    ),
    "staff_redeems_often": (
        403,
        N_("You handed out many rewards in a short time. A manager can allow one more."),
    ),
    "till_redeems_often": (
        403,
        N_("This till handed out many rewards in a short time. A manager can allow one more."),
    ),
    "approval_not_theirs": (403, N_("Only a manager or the owner can allow this.")),
    "own_card": (403, N_("This is your own card. Please ask a colleague to serve you.")),
    "code_too_old": (
        409,
        N_("This code is too old, perhaps a picture. Scan the code that is on the phone now."),
    ),
    "code_used": (
        409,
        N_(
            "This code was already used. Wait for the next one, half a minute at most, and scan it."
        ),
    ),
    "code_closed": (
        429,
        N_(
            "Too many wrong codes were shown for this card. Points can be added; use them in an hour."
        ),
    ),
    # value
    "amount_invalid": (422, N_("The amount must be more than zero.")),
    "amount_too_large": (422, N_("The amount is too large. Please check it.")),
    "parts_invalid": (422, N_("The parts of the amount do not fit the amount.")),
    "currency_mismatch": (422, N_("The program does not use this currency.")),
    "purchase_exists": (409, N_("This purchase was already recorded with other facts.")),
    "purchase_not_found": (404, N_("No such purchase.")),
    "purchase_in_future": (422, N_("The purchase is dated in the future.")),
    "refund_too_large": (409, N_("More than the purchase cannot be refunded.")),
    "items_mismatch": (422, N_("These items are not part of the purchase.")),
    "items_returned": (409, N_("These items were already given back.")),
    "repeat_suspected": (409, N_("The same amount was just added for this member. Add it again?")),
    "insufficient_balance": (409, N_("There are not enough points.")),
    "units_held": (
        409,
        N_("A till holds some of these for a reward. They are free again within the hour."),
    ),
    "reward_not_found": (404, N_("No such reward.")),
    "reward_unavailable": (409, N_("This reward is not available now.")),
    "reward_not_yet": (409, N_("This reward is not open yet.")),
    "reward_over": (409, N_("This reward is no longer offered.")),
    "reward_sold_out": (409, N_("Nothing is left of this reward.")),
    "reward_limit_reached": (409, N_("This reward was already taken as often as allowed.")),
    "reward_for_other_tier": (403, N_("This reward is for members with another status.")),
    "reward_for_others": (403, N_("This reward is for other members.")),
    "reward_not_picked": (409, N_("This benefit is not among those the member chose.")),
    "reward_not_taken": (403, N_("This is only for members who took this reward.")),
    "reward_invalid": (422, N_("This reward cannot be offered like this.")),
    "reward_exists": (409, N_("There is already a reward with this key.")),
    "picks_too_many": (409, N_("These are more benefits than may be chosen.")),
    "voucher_unknown": (404, N_("There is no such voucher.")),
    "voucher_used": (409, N_("This voucher was already used.")),
    "voucher_expired": (409, N_("This voucher has expired.")),
    "voucher_void": (409, N_("This voucher is no longer valid.")),
    "voucher_not_yet": (409, N_("This voucher cannot be used yet.")),
    "tags_invalid": (
        422,
        N_("A tag is a short word of small letters, digits, - and _; fifty at most."),
    ),
    "charity_not_found": (404, N_("No such charity.")),
    "donation_final": (409, N_("This donation was already passed on and cannot be undone.")),
    "credit_not_offered": (409, N_("The program has no store credit.")),
    "credit_share_exceeded": (409, N_("Not that much of a bill can be paid with credit.")),
    "bill_missing": (422, N_("The amount of the bill is needed.")),
    "payment_exists": (409, N_("Credit was already used for this purchase with other facts.")),
    "purchase_refunded": (409, N_("All of this purchase was given back.")),
    "adjustment_invalid": (422, N_("Please give a whole number other than zero.")),
    "adjustment_too_large": (
        403,
        N_("This is more than you may give or take by hand. An owner may do it."),
    ),
    "entry_not_found": (404, N_("No such movement.")),
    "already_reversed": (409, N_("This was already reversed.")),
    "not_reversible": (409, N_("This movement cannot be reversed.")),
    "undo_too_late": (409, N_("It is too late to undo this here. Ask a manager.")),
    "undo_spent": (409, N_("These points were already used, so this cannot be undone here.")),
    "request_id_reused": (409, N_("This operation was already sent with other facts.")),
    "idempotency_key_missing": (400, N_("The Idempotency-Key header is missing.")),
    "idempotency_key_invalid": (
        400,
        N_("The Idempotency-Key header must be 1 to 255 visible ASCII characters."),
    ),
    "idempotency_key_reused": (422, N_("This Idempotency-Key was used with another body.")),
    # what tills saved
    "till_line_ambiguous": (409, N_("Several members fit what was typed.")),
    "till_line_author": (409, N_("Whoever was at the till may no longer use it.")),
    "till_line_late": (409, N_("It was sent more than three days later.")),
    "till_line_large": (409, N_("The amount is more than a till may save by itself.")),
    "till_line_often": (409, N_("This card was saved several times that day.")),
    "till_line_not_found": (404, N_("There is no such saved sale.")),
    "till_line_decided": (409, N_("This saved sale was already decided.")),
    "till_line_revoked": (409, N_("It was saved on a till that was revoked.")),
    # what tills hold, to give a reward if their connection goes
    "holds_off": (409, N_("This program gives no rewards without a connection.")),
    "nothing_to_hold": (409, N_("There is no reward that could be held now.")),
    "hold_unknown": (409, N_("Nothing was held on this till for this reward.")),
    "hold_over": (
        409,
        N_("The reward was given without a connection, and what was held for it ended before."),
    ),
    "hold_used": (409, N_("What was held was already used for another reward.")),
    "hold_too_small": (409, N_("Less was held than this reward costs.")),
    # tills and the people before them
    "till_name_missing": (422, N_("Please give the till a name.")),
    "till_not_found": (404, N_("There is no such till.")),
    "till_unpaired": (401, N_("This browser is not paired as a till.")),
    "till_revoked": (
        401,
        N_("This till was revoked. A manager can pair it again in the console."),
    ),
    "screen_unpaired": (401, N_("This device shows no till yet. Please pair it with a code.")),
    "screen_revoked": (401, N_("This screen was disconnected. A new code connects it again.")),
    "screen_not_found": (404, N_("There is no such screen.")),
    "screens_too_many": (
        409,
        N_("This till has four screens. Please disconnect one in the console, under Tills."),
    ),
    "till_locked": (401, N_("Please choose your name and type your PIN.")),
    "pairing_failed": (
        403,
        N_("This code is not right, was used already or is too old. Ask for a new one."),
    ),
    "staff_not_found": (404, N_("There is no such person.")),
    "card_unclear": (
        422,
        N_("This names no card, or several. Please type the number on the card."),
    ),
    "pin_invalid": (422, N_("A PIN has four to six digits.")),
    "pin_weak": (422, N_("This PIN is too easy to guess. Please choose another one.")),
    "pin_wrong": (403, N_("The PIN is not right.")),
    "member_pin_missing": (409, N_("This member has no PIN.")),
    "pin_locked": (
        403,
        N_("Too many wrong PINs in a row. A manager has to give a new one in the console."),
    ),
    # the desk around the sale
    "quick_amounts_invalid": (
        422,
        N_("At most four amounts, each more than zero."),
    ),
    "coach_too_long": (422, N_("One of the texts is too long: up to 4,000 characters.")),
    "photo_unreadable": (422, N_("This is no picture that can be read. Please take another one.")),
    "photo_too_large": (413, N_("This picture is too large.")),
    "photo_without_code": (404, N_("There is no code in this picture. Hold the phone closer.")),
    "practice_too_long": (409, N_("That was enough practice: start again with a new customer.")),
    "reason_missing": (422, N_("Please say why.")),
    # programs and people
    "program_not_found": (404, N_("No such program.")),
    "program_exists": (409, N_("A program with this name already exists.")),
    "rules_invalid": (422, N_("These rules cannot be published.")),
    "rules_changed": (409, N_("Other rules were published meanwhile. Please look at them first.")),
    "program_invalid": (422, N_("This cannot be saved yet: please check the marked fields.")),
    "currency_in_use": (
        409,
        N_("Something was sold in this currency already: it stays."),
    ),
    "changed_meanwhile": (
        409,
        N_("Somebody else changed this meanwhile. Look at it as it is now, then change it again."),
    ),
    "store_not_found": (404, N_("No such store.")),
    "store_name_missing": (422, N_("Please give the store a name.")),
    "position_invalid": (
        422,
        N_("A position has a latitude from -90 to 90 and a longitude from -180 to 180."),
    ),
    "store_has_tills": (409, N_("Tills still stand in this store: revoke them first.")),
    "store_is_last": (409, N_("A program keeps at least one open store.")),
    "stores_too_many": (409, N_("This program has 2,000 stores already.")),
    "staff_name_missing": (422, N_("Please give the person a name.")),
    "staff_too_many": (409, N_("This program has 5,000 people already.")),
    "staff_is_self": (409, N_("Nobody shuts themselves out: another owner or manager can.")),
    "owner_is_last": (409, N_("The program needs an owner who can sign in: this is the last one.")),
    "staff_exists": (409, N_("There is already a staff member with this e-mail.")),
    "password_too_short": (422, N_("The password must have at least 12 characters.")),
    "role_unknown": (422, N_("This role does not exist.")),
    "sign_in_failed": (401, N_("E-mail or password is not right.")),
    "too_many_attempts": (429, N_("Too many attempts. Please wait a little.")),
    "trial_under_way": (409, N_("A set-up test is running already. Please try again in a minute.")),
    # doors
    "unauthorized": (401, N_("Please sign in, or send a valid key.")),
    "key_not_found": (404, N_("No such key.")),
    "forbidden": (403, N_("You are not allowed to do this.")),
    "not_found": (404, N_("This page or object does not exist.")),
    "method_not_allowed": (405, N_("This address does not take that method.")),
    "csrf_failed": (400, N_("This page was open for too long. Please reload it and try again.")),
    "body_invalid": (422, N_("The request is not valid.")),
    "json_invalid": (400, N_("The body is not valid JSON.")),
    "body_too_large": (413, N_("The request is too large.")),
    "media_type_unsupported": (415, N_("The body must be JSON.")),
    "tier_not_found": (404, N_("The program has no such status.")),
    "callback_invalid": (400, N_("This message of Google Wallet is not valid or too old.")),
    "callback_forged": (401, N_("This message was not signed by Google.")),
    "callback_unverifiable": (503, N_("Google's keys cannot be read at the moment.")),
    "link_expired": (410, N_("This link has expired or was already used.")),
    "cursor_invalid": (400, N_("This cursor is not valid.")),
    "rate_limited": (429, N_("Too many requests. Please wait a little.")),
    "unavailable": (503, N_("The service is busy. Please try again in a moment.")),
    "server_error": (
        500,
        N_("Something went wrong on our side. Nothing was lost; please try again."),
    ),
}


class Refusal(Exception):
    """Understood and declined. `facts` are added to the problem document."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def status(self) -> int:
        """HTTP status of the problem document."""
        return CODES[self.code][0]

    @property
    def sentence(self) -> str:
        """The English sentence, which is also the key of the translations."""
        return CODES[self.code][1]
