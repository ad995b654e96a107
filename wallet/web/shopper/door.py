"""The shopper's routes."""

from __future__ import annotations

from flask import Blueprint

from wallet.web.home import home
from wallet.web.shopper.badges import badge
from wallet.web.shopper.card import CardPages, Wallets
from wallet.web.shopper.choices import open_reward, pick_charity, pick_perks
from wallet.web.shopper.confirming import keep_pin, say
from wallet.web.shopper.join import brand, join_form, join_now, privacy
from wallet.web.shopper.link import find_card, look_at_link, send_link, use_link
from wallet.web.shopper.turning import next_code


def shopper_door(wallets: Wallets) -> Blueprint:
    """Joining, the web card, its way into a wallet, the link by e-mail."""
    door = Blueprint("shopper", __name__)
    cards = CardPages(wallets)
    door.add_url_rule("/", "home", home)
    door.add_url_rule("/p/<slug>/join", "join", join_form, methods=["GET"])
    door.add_url_rule("/p/<slug>/join", "join_now", join_now, methods=["POST"])
    door.add_url_rule("/p/<slug>/brand.css", "brand", brand)
    door.add_url_rule("/p/<slug>/privacy", "privacy", privacy)
    door.add_url_rule("/p/<slug>/find-card", "find_card", find_card, methods=["GET"])
    door.add_url_rule("/p/<slug>/find-card", "send_link", send_link, methods=["POST"])
    door.add_url_rule("/link/<token>", "look_at_link", look_at_link, methods=["GET"])
    door.add_url_rule("/link/<token>", "use_link", use_link, methods=["POST"])
    door.add_url_rule("/card/<token>", "card", cards.page)
    door.add_url_rule("/badges/<name>", "badge", badge)
    door.add_url_rule("/card/<token>/perks", "pick_perks", pick_perks, methods=["POST"])
    door.add_url_rule("/card/<token>/charity", "pick_charity", pick_charity, methods=["POST"])
    door.add_url_rule("/card/<token>/open/<reward_id>", "open_reward", open_reward)
    door.add_url_rule("/card/<token>/confirm/<confirmation_id>", "say", say, methods=["POST"])
    door.add_url_rule("/card/<token>/pin", "keep_pin", keep_pin, methods=["POST"])
    door.add_url_rule("/card/<token>/state", "card_state", cards.state)
    door.add_url_rule("/card/<token>/code", "card_code", next_code)
    door.add_url_rule("/card/<token>/apple.pkpass", "apple_pass", cards.apple_pass)
    door.add_url_rule("/card/<token>/google", "google_pass", cards.google_pass)
    return door
