"""The console's routes and who may take them."""

from __future__ import annotations

from flask import Blueprint

from wallet.web.console import acts, charities, people, stores
from wallet.web.console.changes import changes_page
from wallet.web.console.delivery import delivery
from wallet.web.console.design_door import add_design
from wallet.web.console.duplicates import duplicates
from wallet.web.console.frame import SEES_PEOPLE, SEES_SETUP
from wallet.web.console.journal import journal_page, see
from wallet.web.console.members import member, members
from wallet.web.console.overview import overview
from wallet.web.console.posters import poster, posters
from wallet.web.console.program import program_page, save_program
from wallet.web.console.reach import reach
from wallet.web.console.rewards import (
    new_reward,
    reward,
    rewards,
    save_new_reward,
    save_reward,
)
from wallet.web.console.rules.editing import rule_part, save_rule_part
from wallet.web.console.rules.page import carry, discard, publish, rules, trial, try_draft
from wallet.web.console.saved_sales import decide, saved_sales
from wallet.web.console.setup import setup
from wallet.web.console.setup_apple import setup_apple, try_apple
from wallet.web.console.setup_google import ask_google, google
from wallet.web.console.shifts import shifts
from wallet.web.console.team import drop_pin, give_pin, own_card, team_page
from wallet.web.console.till_words import save_till_words, till_words
from wallet.web.console.tills import (
    add,
    drop_screen,
    give_code,
    give_screen_code,
    revoke,
    screen_state,
    till_state,
    tills_page,
)
from wallet.web.security import CONSOLE_ROLES, require_role


def console_door() -> Blueprint:
    """`/console/`: the overview, the members, the rewards, the delivery, the set-up."""
    door = Blueprint("console", __name__, url_prefix="/console")
    door.add_url_rule("/", "overview", require_role(*CONSOLE_ROLES)(overview))
    door.add_url_rule("/members", "members", require_role(*SEES_PEOPLE)(members))
    door.add_url_rule("/members/<member_id>", "member", require_role(*SEES_PEOPLE)(member))
    door.add_url_rule("/reach", "reach", require_role(*CONSOLE_ROLES)(reach))
    door.add_url_rule("/delivery", "delivery", require_role(*CONSOLE_ROLES)(delivery))
    add_design(door)
    guard = require_role(*SEES_SETUP)
    door.add_url_rule("/setup/", "setup", guard(setup))
    door.add_url_rule("/setup/apple", "setup_apple", guard(setup_apple))
    door.add_url_rule("/setup/apple/try", "try_apple", guard(try_apple), methods=["POST"])
    door.add_url_rule("/setup/google", "setup_google", guard(google))
    door.add_url_rule("/setup/google", "ask_google", guard(ask_google), methods=["POST"])
    door.add_url_rule("/saved-sales", "saved_sales", require_role(*SEES_PEOPLE)(saved_sales))
    door.add_url_rule(
        "/saved-sales/<op_id>",
        "decide_saved_sale",
        require_role(*SEES_PEOPLE)(decide),
        methods=["POST"],
    )
    _add_tills(door)
    door.add_url_rule("/duplicates", "duplicates", require_role(*SEES_PEOPLE)(duplicates))
    for address, name, act in (
        ("adjust", "adjust", acts.adjust_member),
        ("pay-out", "pay_out", acts.pay_out),
        ("tags", "tag", acts.tag),
        ("take-back", "take_back", acts.take_back),
        ("refund", "give_back", acts.give_back),
        ("void", "void", acts.void),
        ("no-pin", "forget_member_pin", acts.forget_member_pin),
        ("merge", "merge", acts.merge),
        ("perks", "choose", acts.choose),
        ("plan", "pay_plan", acts.pay_plan),
        ("plan/cancel", "cancel_plan", acts.cancel_plan),
    ):
        guarded = require_role(*SEES_PEOPLE)(act)
        door.add_url_rule(f"/members/<member_id>/{address}", name, guarded, methods=["POST"])
    part = require_role(*SEES_PEOPLE)(acts.part)
    door.add_url_rule("/merges/<merge_id>/undo", "part", part, methods=["POST"])
    _program_pages(door)
    _add_people(door)
    _add_frame(door)
    return door


def _add_tills(door: Blueprint) -> None:
    guard = require_role(*SEES_PEOPLE)
    door.add_url_rule("/tills", "tills", guard(tills_page))
    door.add_url_rule("/tills", "add_till", guard(add), methods=["POST"])
    door.add_url_rule("/tills/<till_id>/state", "till_state", guard(till_state))
    door.add_url_rule("/tills/<till_id>/code", "give_code", guard(give_code), methods=["POST"])
    door.add_url_rule("/tills/<till_id>/revoke", "revoke_till", guard(revoke), methods=["POST"])
    one = "/tills/<till_id>/screen"
    door.add_url_rule(one, "give_screen_code", guard(give_screen_code), methods=["POST"])
    one = "/screens/<screen_id>"
    door.add_url_rule(f"{one}/state", "screen_state", guard(screen_state))
    door.add_url_rule(f"{one}/revoke", "drop_screen", guard(drop_screen), methods=["POST"])
    door.add_url_rule("/journal", "journal", guard(journal_page))
    door.add_url_rule("/flags/<flag_id>", "see_flag", guard(see), methods=["POST"])
    door.add_url_rule("/team", "team", guard(team_page))
    door.add_url_rule("/shifts", "shifts", guard(shifts))
    words = require_role(*CONSOLE_ROLES)
    door.add_url_rule("/till-words", "till_words", words(till_words))
    door.add_url_rule("/till-words", "save_till_words", words(save_till_words), methods=["POST"])
    for address, name, act in (
        ("pin", "give_pin", give_pin),
        ("no-pin", "drop_pin", drop_pin),
        ("card", "own_card", own_card),
    ):
        path = f"/team/<staff_id>/{address}"
        door.add_url_rule(path, name, guard(act), methods=["POST"])


def _add_people(door: Blueprint) -> None:
    guard = require_role(*SEES_PEOPLE)
    for path, name, act, method in (
        ("/team/new", "new_person", people.new_person, "GET"),
        ("/team/new", "add_person", people.add, "POST"),
        ("/team/<staff_id>", "person", people.person, "GET"),
        ("/team/<staff_id>", "save_person", people.save, "POST"),
        ("/team/<staff_id>/shut-out", "shut_out", people.shut_out, "POST"),
        ("/team/<staff_id>/let-in", "let_in", people.let_in, "POST"),
        ("/team/<staff_id>/password", "new_password", people.new_password, "POST"),
    ):
        door.add_url_rule(path, name, guard(act), methods=[method])


def _add_frame(door: Blueprint) -> None:
    """The program's frame, its stores, and who changed what."""
    guard = require_role(*SEES_SETUP)
    for path, name, act, method in (
        ("/program", "program", program_page, "GET"),
        ("/program", "save_program", save_program, "POST"),
        ("/stores", "stores", stores.stores, "GET"),
        ("/stores", "add_store", stores.add, "POST"),
        ("/stores/<store_id>", "store", stores.store, "GET"),
        ("/stores/<store_id>", "save_store", stores.save, "POST"),
        ("/stores/<store_id>/close", "close_store", stores.close, "POST"),
        ("/stores/<store_id>/reopen", "reopen_store", stores.reopen, "POST"),
        ("/changes", "changes", changes_page, "GET"),
    ):
        door.add_url_rule(path, name, guard(act), methods=[method])


def _program_pages(door: Blueprint) -> None:
    """What a program is made of: its rules, its rewards, its posters."""
    guard = require_role(*CONSOLE_ROLES)
    door.add_url_rule("/rules", "rules", guard(rules))
    door.add_url_rule("/rules/try", "try_rules", guard(try_draft), methods=["POST"])
    door.add_url_rule("/rules/trial", "trial", guard(trial))
    door.add_url_rule("/rules/publish", "publish_rules", guard(publish), methods=["POST"])
    door.add_url_rule("/rules/carry", "carry_rules", guard(carry), methods=["POST"])
    door.add_url_rule("/rules/discard", "discard_rules", guard(discard), methods=["POST"])
    door.add_url_rule("/rules/<part>/<key>", "rule_part", guard(rule_part))
    door.add_url_rule(
        "/rules/<part>/<key>", "save_rule_part", guard(save_rule_part), methods=["POST"]
    )
    door.add_url_rule("/posters", "posters", guard(posters))
    door.add_url_rule("/posters/<place>/<format_>.pdf", "poster", guard(poster))
    door.add_url_rule("/charities", "charities", guard(charities.charities))
    door.add_url_rule("/charities", "add_charity", guard(charities.add), methods=["POST"])
    door.add_url_rule(
        "/charities/<charity_id>", "save_charity", guard(charities.save), methods=["POST"]
    )
    door.add_url_rule("/rewards", "rewards", guard(rewards))
    door.add_url_rule("/rewards/new", "new_reward", guard(new_reward))
    door.add_url_rule("/rewards/new", "save_new_reward", guard(save_new_reward), methods=["POST"])
    door.add_url_rule("/rewards/<reward_id>", "reward", guard(reward))
    door.add_url_rule("/rewards/<reward_id>", "save_reward", guard(save_reward), methods=["POST"])
