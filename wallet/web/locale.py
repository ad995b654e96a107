"""Which language a page speaks, and how it writes numbers, money and times."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_symbol
from flask import Flask, Response, g, request
from flask_babel import Babel, get_locale

from wallet.config import ASSETS
from wallet.rules.money import spell_money

LANGUAGES = ("fr", "en")
COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


def install_locale(app: Flask) -> None:
    """`?lang=` wins and is remembered; then the cookie, the person's own, the browser's, French."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ASSETS / "translations")
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=choose_language)  # type: ignore[no-untyped-call]
    app.jinja_env.filters.update(
        money=money,
        currency_sign=currency_sign,
        number=number,
        day=day,
        plain_day=plain_day,
        moment=moment,
        clock=clock_time,
        said=said,
    )
    app.jinja_env.globals.update(
        current_language=current_language, language_url=language_url, languages=LANGUAGES
    )
    app.after_request(_remember)


def choose_language() -> str:
    """The language of this answer."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    kept = request.cookies.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    own = getattr(g, "staff_locale", "")
    if own in LANGUAGES:
        return str(own)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def current_language() -> str:
    """`fr` or `en`."""
    locale = get_locale()
    return str(locale.language) if locale else LANGUAGES[0]


def language_url(language: str) -> str:
    """This page in another language; what the address says besides stays."""
    kept = {**request.args.to_dict(), "lang": language}
    return f"{request.path}?{urlencode(kept)}"


def said(words: dict[str, str]) -> str:
    """A text kept in several languages, in the reader's."""
    return words.get(current_language()) or next(iter(words.values()), "")


def money(amount_minor: int, currency: str) -> str:
    """Minor units as the reader writes money."""
    return spell_money(amount_minor, currency, current_language())


def currency_sign(currency: str) -> str:
    """`€` for EUR: what stands beside a field for an amount."""
    return str(get_currency_symbol(currency, locale=current_language()))


def number(value: int) -> str:
    """Digits in groups, as the reader writes them."""
    return format_decimal(value, locale=current_language())


def day(at: datetime, time_zone: str = "UTC") -> str:
    """A date in the program's zone."""
    return format_date(
        at.astimezone(ZoneInfo(time_zone)), format="medium", locale=current_language()
    )


def plain_day(at: date) -> str:
    """A date that is a day already."""
    return format_date(at, format="medium", locale=current_language())


def moment(at: datetime, time_zone: str = "UTC") -> str:
    """Date and time in the program's zone."""
    zone = ZoneInfo(time_zone)
    return format_datetime(at, format="medium", tzinfo=zone, locale=current_language())


def clock_time(at: datetime, time_zone: str = "UTC") -> str:
    """Hours and minutes in the program's zone."""
    return format_time(at, format="short", tzinfo=ZoneInfo(time_zone), locale=current_language())


def _remember(answer: Response) -> Response:
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        answer.set_cookie(
            COOKIE,
            asked,
            max_age=COOKIE_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure,
        )
    return answer
