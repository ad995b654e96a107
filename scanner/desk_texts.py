"""What the parts of the desk say: joining, receipts and articles, coach, shift, practice, photos."""

from __future__ import annotations

from flask_babel import gettext as _


def desk_texts() -> dict[str, str]:
    """By key, like `till_texts`."""
    return {**_screens(), **_sale(), **_joining(), **_shift(), **_photo(), **_preferences()}


def _screens() -> dict[str, str]:
    return {
        "screens_count": _("Devices that show this till: {count}"),
        "screens_connected": _("The screen is connected."),
        "screens_how": _(
            "On the device, scan the QR code or open {address} and type the code. It works once, for {minutes} minutes."
        ),
        "screens_qr": _("QR code that connects a screen"),
    }


def _sale() -> dict[str, str]:
    return {
        "article_amount": _("Type what it costs first, then tap the article."),
        "article_less": _("One {name} less"),
        "visit_done": _("Add {count}"),
        "repeat_visit": _("A visit of {name}. Add it again?"),
    }


def _joining() -> dict[str, str]:
    return {
        "join_missing": _("An e-mail address or a mobile number is enough."),
        "join_offline": _("Joining needs a connection. Type the number: the sale is saved for it."),
        "join_known": _("Already a member: here they are."),
        "join_welcome": _("{name} is a member now"),
        "join_welcome_nameless": _("A new member"),
        "card_text": _("The customer scans this code with the phone's camera. It works once."),
        "card_points": _("{count} are on it already."),
    }


def _shift() -> dict[str, str]:
    return {
        "shift_sales": _("Sales with a card"),
        "shift_amount": _("Turnover with a card"),
        "shift_given": _("Given"),
        "shift_used": _("Used"),
        "shift_enrolled": _("New members"),
        "shift_rate": _("New members per 100 sales"),
        "shift_without_card": _("Found without a card"),
        "shift_undone": _("Undone"),
        "shift_lost": _("No answer from the server. Please try again."),
        "shift_waiting": _("Saved sales that still wait are not counted yet."),
    }


def _photo() -> dict[str, str]:
    return {
        "photo_reading": _("Reading the photo…"),
        "photo_none": _("There is no code in this picture. Hold the phone closer."),
        "photo_lost": _("The photo could not be read without a connection. Type the number."),
    }


def _preferences() -> dict[str, str]:
    return {
        "hand_right": _("For the right hand"),
        "hand_left": _("For the left hand"),
    }
