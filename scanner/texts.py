"""What the till's page says, in the language of the request; the page's scripts hold no text of their own."""

from __future__ import annotations

from flask_babel import gettext as _


def till_texts() -> dict[str, str]:
    """Every text the scripts show, by key. `{name}` and the like are filled in by the page."""
    return {
        **_camera(),
        **_finding(),
        **_member(),
        **_outcomes(),
        **_saved(),
        **_questions(),
        **_people(),
    }


def _camera() -> dict[str, str]:
    elsewhere = _("A hand scanner and typing still work.")
    return {
        "off_title": _("Ready to scan"),
        "off_text": _("One tap starts the camera for the whole shift."),
        "off_button": _("Start scanning"),
        "asking_title": _("Please allow the camera"),
        "asking_text": _("Your browser is asking. Choose “Allow”."),
        "starting_title": _("Starting the camera…"),
        "resting_title": _("The camera is resting"),
        "resting_text": _("No card for five minutes. One tap wakes it."),
        "resting_button": _("Scan again"),
        "insecure_title": _("The camera needs a secure address"),
        "insecure_text": _("Open this page through https.") + " " + elsewhere,
        "unsupported_title": _("This browser has no camera access"),
        "unsupported_text": elsewhere,
        "denied_title": _("The camera is blocked"),
        "denied_text": _("Allow it for this page in the browser's settings.") + " " + elsewhere,
        "none_title": _("No camera found"),
        "none_text": elsewhere,
        "busy_title": _("Another app is using the camera"),
        "busy_text": _("Close it, for example a video call or another tab, then try again."),
        "slow_title": _("The camera does not start"),
        "slow_text": _("Try again. If it stays dark, reload this page."),
        "frozen_title": _("The picture stands still"),
        "frozen_text": _("Try again. If it happens often, choose another lens."),
        "engine_title": _("The code reader could not start"),
        "engine_text": _("Try again or reload this page.") + " " + elsewhere,
        "retry_button": _("Try again"),
        "torch_on": _("Light on"),
        "torch_off": _("Light off"),
    }


def _finding() -> dict[str, str]:
    return {
        "hint_distance": _("Hold the code 20 to 30 cm away"),
        "hint_tilt": _("If the screen shines, tilt it a little"),
        "hint_foreign": _("This is not a member code"),
        "hint_same": _("Same card still in view"),
        "looking": _("Looking up…"),
        "choose_title": _("Who is it?"),
        "choose_text": _("Several members fit. Ask for the first name."),
        "two_title": _("Two cards in view"),
        "two_text": _("Choose one, or hold only one card before the camera."),
        "choose_more": _("There may be more: add the last four digits of their phone number."),
        "lookup_lost": _("No answer from the server. Please try again."),
        "lookup_offline": _("No connection: scan the card, or type the whole number or e-mail."),
        "not_found": _("No member was found."),
    }


def _member() -> dict[str, str]:
    return {
        "found": _("{name}, {balance}"),
        "last_visit": _("Last visit {when}"),
        "first_visit": _("First visit"),
        "pending": _("+ {count} pending"),
        "hold": _("Hold for {minutes} min"),
        "held": _("{name}: one reward can be given even without a connection, until {time}"),
        "held_until": _("Held until {time}"),
        "held_elsewhere": _("{count} held elsewhere until {time}"),
        "hold_released": _("Nothing is held any more"),
        "next_reward": _("{count} to go: {reward}"),
        "amount_invalid": _("Type an amount like {example}."),
        "stamps": _("{have} of {target}"),
        "voucher_until": _("until {day}"),
        "voucher_from": _("from {day}"),
        "credit_left": _("Left to pay: {amount}"),
        "credit_invalid": _("At most {amount} of this bill can be paid with credit."),
        "accrue": _("Add points"),
        "accrue_amount": _("Add points for {amount}"),
    }


def _outcomes() -> dict[str, str]:
    return {
        "done": _("Done"),
        "undone": _("Undone"),
        "next_customer": _("Next customer"),
        "next_back": _("Go on with {name}"),
        "refused": _("Not done"),
        "purchase_done": _("{count} added for {name}"),
        "purchase_none": _("Sale recorded for {name}, without points"),
        "redemption_done": _("{reward} for {name}: {count} used"),
        "credit_paid": _("{amount} paid with credit"),
        "voucher_done": _("Voucher used: {reward} for {name}"),
        "activity_done": _("{activity}: {count} added for {name}"),
        "activity_none": _("{activity} noted for {name}, without points: the limit is reached"),
        "undo_voucher_done": _("The voucher is back with {name}"),
        "undo_taken": _("{count} taken back from {name}"),
        "undo_given": _("{count} given back to {name}"),
        "balance_now": _("New balance: {count}"),
        "undo": _("Undo"),
        "undo_purchase": _("Undo takes back {count} and the sale of {amount}."),
        "undo_redemption": _("Undo gives back {count} and cancels “{reward}”."),
        "undo_voucher": _("Undo gives back the voucher “{reward}”."),
        "undo_activity": _("Undo takes back {count}."),
        "undo_sale": _("Undo removes the sale of {amount}."),
        "undo_nothing": _("Sale removed for {name}"),
        "repeated": _("it was already recorded"),
        "refused_text": _("The server declined this."),
    }


def _saved() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "saved_text": _("For {name}. The points come when the till is online again."),
        "saved_more": _("Kept on this till and sent by itself"),
        "saved_reward": _("For {name}. The points go when the till is online again."),
        "redeem_offline": _("Rewards need a connection. The points are safe."),
        "redeem_offline_held": _(
            "This one was not held: it needs a connection. The points are safe."
        ),
        "unknown_held": _(
            "No connection: one reward that was held can be given, points can be added."
        ),
        "unknown_text": _("No connection: points can be added, rewards have to wait."),
        "saved_waiting": _("Still to be sent: {count}"),
        "saved_none_waiting": _("Everything was sent."),
        "saved_update": _("An update waits until that is sent."),
        "saved_old": _(
            "Something has waited since {when}. Give this till a connection: what comes after three days"
            " waits for a manager."
        ),
        "saved_pending": _("waits for a connection"),
        "saved_accepted": _("counts"),
        "saved_review": _("a manager looks at it"),
        "saved_dismissed": _("does not count"),
        "saved_rejected": _("was not taken"),
    }


def _questions() -> dict[str, str]:
    return {
        "repeat_title": _("Already added at {time}"),
        "repeat_title_by": _("Already added at {time} by {staff}"),
        "repeat_text": _("{amount} for {name}. Add it again?"),
        "repeat_yes": _("Add again"),
        "repeat_no": _("No, keep one"),
        "unsent_title": _("No answer yet"),
        "unsent_text": _("Trying again is safe: it counts only once."),
        "unsent_unkept": _(
            "This browser cannot keep sales: if no answer comes, note it on paper. Trying again is safe: it counts"
            " only once."
        ),
        "unsent_yes": _("Try again"),
        "unsent_no": _("Back"),
        "signed_out_title": _("You are signed out"),
        "signed_out_text": _("Sign in again to go on. Nothing was recorded."),
        "signed_out_saved": _("The saved sales are kept here. Sign in, and they are sent."),
        "signed_out_yes": _("Sign in"),
        "online": _("online"),
        "offline": _("offline"),
        "mute": _("Sound off"),
        "unmute": _("Sound on"),
    }


def _people() -> dict[str, str]:
    return {
        "nobody": _("Nobody"),
        "wall_nobody": _("Nobody has a PIN yet. A manager gives them in the console, under Team."),
        "wall_offline": _(
            "No connection, so no PIN can be checked. Sales can be saved; a manager looks at them."
        ),
        "pin_wait": _("Too many wrong PINs. Please wait {minutes} min or ask a manager."),
        "revoked_title": _("This till was revoked"),
        "revoked_yes": _("Pair it again"),
        "own_card": _("This is your own card. Please ask a colleague to serve you."),
        "consent_title": _("Does the customer agree?"),
        "consent_title_manager": _("Does a manager allow it?"),
        "consent_what": _("{quantity} of {name}: {reward}"),
        "consent_credit": _("{quantity} of {name}"),
        "consent_waits": _("The page of their card is asking them now. {seconds} s"),
        "consent_yes_now_manager": _("The customer agrees. Now a manager has to allow it."),
        "consent_manager_now_yes": _("A manager allows it. Now the customer has to agree."),
        "consent_over": _("The customer did not answer in time."),
        "consent_no": _("The customer said no."),
        "manager_back": _("Take back {quantity} of {when} ({by})"),
        "manager_return": _("Give back {quantity} of {when} ({by})"),
        "manager_nobody": _("Nobody here can allow it: no manager has a PIN."),
        "managed_given": _("{count} given to {name} by a manager"),
        "managed_taken": _("{count} taken from {name} by a manager"),
    }
