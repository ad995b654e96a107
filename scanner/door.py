"""The till's routes."""

from __future__ import annotations

from flask import Blueprint, Response

from scanner.confirming import allow, answer, approvers, ask, follow, open_question
from scanner.enrol import enrol_now
from scanner.far_screen import count, invite, look, say, show
from scanner.far_screen import pair_now as pair_screen_now
from scanner.far_screen import pair_page as pair_screen_page
from scanner.holding import hold, release
from scanner.icons import icon
from scanner.managing import give_or_take, movements, take_back
from scanner.pages import manifest, page, practice_page, service_worker, stand_in_store
from scanner.pairing import leave, pair_now, pair_page
from scanner.people import lock, people, switch
from scanner.photo import read_photo
from scanner.practice import practise
from scanner.screen import screen
from scanner.shift import own_shift
from scanner.sync import receive_batch, who
from scanner.till import find, note_activity, record_sale, redeem_reward, spend_voucher, undo
from wallet.web.static_files import static_version


def till_door() -> Blueprint:
    """One page and what it asks the server."""
    door = Blueprint("till", __name__, url_prefix="/till")
    door.add_url_rule("/", "page", page)
    door.add_url_rule("/sw.js", "service_worker", service_worker)
    door.add_url_rule("/app.webmanifest", "manifest", manifest)
    door.add_url_rule("/icon-<name>.png", "icon", icon)
    door.add_url_rule("/practice", "practice_page", practice_page)
    door.add_url_rule("/screen", "screen", screen)
    door.add_url_rule("/api/photo", "photo", read_photo, methods=["POST"])
    door.add_url_rule("/api/practice", "practice", practise, methods=["POST"])
    door.add_url_rule("/api/shift", "shift", own_shift)
    door.add_url_rule("/store", "store", stand_in_store, methods=["POST"])
    door.add_url_rule("/api/lookup", "lookup", find, methods=["POST"])
    door.add_url_rule("/api/members", "members", enrol_now, methods=["POST"])
    door.add_url_rule("/api/purchases", "purchases", record_sale, methods=["POST"])
    door.add_url_rule("/api/redemptions", "redemptions", redeem_reward, methods=["POST"])
    door.add_url_rule("/api/holds", "hold", hold, methods=["POST"])
    door.add_url_rule("/api/holds/release", "release", release, methods=["POST"])
    door.add_url_rule("/api/session", "session", who)
    door.add_url_rule("/api/sync", "sync", receive_batch, methods=["POST"])
    door.add_url_rule("/api/vouchers", "vouchers", spend_voucher, methods=["POST"])
    door.add_url_rule("/api/activities", "activities", note_activity, methods=["POST"])
    door.add_url_rule("/api/undo", "undo", undo, methods=["POST"])
    _add_people(door)
    _add_screens(door)
    door.after_request(_say_release)
    return door


def _say_release(answer: Response) -> Response:
    """A till stays open for weeks: it sees by this that it is of an earlier release."""
    answer.headers["Comptoir-Release"] = static_version()
    return answer


def _add_people(door: Blueprint) -> None:
    """Pairing, who stands there, and what needs a yes besides."""
    door.add_url_rule("/pair", "pair", pair_page)
    door.add_url_rule("/pair", "pair_now", pair_now, methods=["POST"])
    door.add_url_rule("/leave", "leave", leave, methods=["POST"])
    door.add_url_rule("/api/people", "people", people)
    door.add_url_rule("/api/switch", "switch", switch, methods=["POST"])
    door.add_url_rule("/api/lock", "lock", lock, methods=["POST"])
    door.add_url_rule("/api/movements", "movements", movements, methods=["POST"])
    door.add_url_rule("/api/reversals", "reversals", take_back, methods=["POST"])
    door.add_url_rule("/api/adjustments", "adjustments", give_or_take, methods=["POST"])
    door.add_url_rule("/api/approvers", "approvers", approvers)
    door.add_url_rule("/api/confirmations", "ask", ask, methods=["POST"])
    door.add_url_rule("/api/confirmations/open", "open_question", open_question)
    one = "/api/confirmations/<confirmation_id>"
    door.add_url_rule(one, "follow", follow)
    door.add_url_rule(f"{one}/answer", "answer", answer, methods=["POST"])
    door.add_url_rule(f"{one}/approval", "allow", allow, methods=["POST"])


def _add_screens(door: Blueprint) -> None:
    """Devices of their own before the shopper."""
    door.add_url_rule("/api/face", "face", show, methods=["POST"])
    door.add_url_rule("/api/screens", "screens", count)
    door.add_url_rule("/api/screens", "invite_screen", invite, methods=["POST"])
    door.add_url_rule("/screen/pair", "pair_screen", pair_screen_page)
    door.add_url_rule("/screen/pair", "pair_screen_now", pair_screen_now, methods=["POST"])
    door.add_url_rule("/screen/api/face", "screen_face", look)
    door.add_url_rule("/screen/api/answers", "screen_answer", say, methods=["POST"])
