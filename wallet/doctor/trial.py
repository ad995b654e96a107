"""The set-up test: a card for nobody goes the whole way, from the download to the phone's last word."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx2
from sqlalchemy.orm import Session

from passes.apple.identity import AppleIdentity
from passes.apple.probe import probe_token
from passes.apple.push import ApnsClient, PushOutcome
from passes.apple.verify import load_roots, read_pkpass
from passes.errors import DeliveryError
from passes.simulate.conformance import Conformance, Step
from passes.simulate.conformance_texts import SENTENCES
from passes.simulate.iphone_shelf import OpenPass
from passes.simulate.pass_face import Files
from wallet import clock
from wallet.actions.program_view import ProgramView
from wallet.actions.trial_card import (
    TrialCard,
    change_trial_card,
    drop_trial_cards,
    make_trial_card,
)
from wallet.config import Settings
from wallet.errors import N_
from wallet.parts import Parts, apns_ca, apns_url, certs_folder

DOWNLOAD_SECONDS_MAX = 15.0  # the first pass of a new design takes a second or two to draw

TRIAL_SENTENCES: dict[str, dict[str, str]] = {
    "downloads": {
        "ok": N_("A shopper's phone gets the card from the public address ({bytes} bytes)."),
        "fail": N_(
            "The card cannot be downloaded from the public address {url}: {problem}. Phones will meet the same"
            " obstacle, unless only this machine is kept from reaching it."
        ),
    },
    "pushes": {
        "ok": N_(
            "Apple's push service takes our certificate; it does not know the made-up phone, as it should."
        ),
        "fail": N_("Apple's push service refuses our pushes: {problem}"),
        "skip": N_(
            "Not tried: Apple's push service ({url}) cannot be reached from here ({problem}). Open the way to port"
            " 443; until then cards change only when phones look by themselves, about daily."
        ),
    },
}
_ALL = {**SENTENCES, **TRIAL_SENTENCES}
_running = threading.Lock()


class TrialUnderWay(Exception):
    """Another set-up test is running in this process."""


def sentence_of(step: Step) -> str:
    """The English sentence of a step, with its holes."""
    return _ALL[step.code][step.state]


def try_setup(parts: Parts, program: ProgramView) -> Iterator[Step]:
    """Every step as it ends. Raises `TrialUnderWay`; leaves nothing in the database behind."""
    if not _running.acquire(blocking=False):
        raise TrialUnderWay
    try:
        trial = Trial(parts, program)
        try:
            yield from trial.run()
        finally:
            trial.clean()
    finally:
        _running.release()


class Trial:
    """One test of one program's cards over the installation's own public address."""

    def __init__(self, parts: Parts, program: ProgramView) -> None:
        self._parts, self._program = parts, program
        self._card = parts.database.run(
            lambda session: make_trial_card(session, program, clock.now())
        )
        public_url = parts.settings.public_url
        self._phone = Conformance(
            _opener(parts),
            allow_http=public_url.startswith("http://"),
            change=self._change,
        )

    def run(self) -> Iterator[Step]:
        """Download, everything an iPhone does, and the way to Apple's push service."""
        step, package = self._download()
        yield step
        if step.state == "ok":
            yield from self._phone.run(package)
        yield probe_push(self._parts.settings, self._parts.apple)

    def clean(self) -> None:
        """Take everything away again."""
        card, device = self._card, self._phone.device
        self._parts.database.run(
            lambda session: drop_trial_cards(session, [card.member_id], device)
        )

    def _download(self) -> tuple[Step, bytes]:
        path = urlsplit(self._card.card_url).path
        public_url = self._parts.settings.public_url
        url = f"{public_url}{quote(path)}/apple.pkpass"
        try:
            with httpx2.Client(timeout=DOWNLOAD_SECONDS_MAX, trust_env=False) as http:
                answer = http.get(url)
        except httpx2.HTTPError as error:
            return _not_downloaded(public_url, str(error) or type(error).__name__), b""
        if answer.status_code != 200:
            return _not_downloaded(public_url, f"HTTP {answer.status_code}"), b""
        return Step("downloads", "ok", {"bytes": len(answer.content)}), answer.content

    def _change(self) -> None:
        """As a sale would change the card."""
        self._parts.database.run(self._changed)
        self._parts.nudge()

    def _changed(self, session: Session) -> bool:
        card: TrialCard = self._card
        return change_trial_card(session, self._program, card, clock.now())


def probe_push(settings: Settings, identity: AppleIdentity) -> Step:
    """One push to a phone that does not exist: what comes back tells whether Apple knows us."""
    url = apns_url(settings)
    client = ApnsClient(url, identity, apns_ca(settings))
    try:
        outcome = client.push_many([probe_token()])[0]
    except DeliveryError as error:
        if error.permanent:
            return Step("pushes", "fail", {"problem": str(error)})
        return Step("pushes", "skip", {"problem": str(error), "url": url})
    finally:
        client.close()
    return _pushed(outcome, url)


def _pushed(outcome: PushOutcome, url: str) -> Step:
    problem = f"{outcome.status} {outcome.reason}".strip()
    if outcome.status in (200, 410) or outcome.reason == "BadDeviceToken":
        return Step("pushes", "ok")
    if outcome.status in (0, 429) or outcome.status >= 500:
        return Step("pushes", "skip", {"problem": outcome.reason or problem, "url": url})
    return Step("pushes", "fail", {"problem": problem})


def _not_downloaded(url: str, problem: str) -> Step:
    return Step("downloads", "fail", {"url": url, "problem": problem})


def _opener(parts: Parts) -> OpenPass:
    """Opens a .pkpass and trusts who issued our certificate."""
    identity = parts.apple
    roots = [identity.intermediate]
    if identity.is_development:
        roots = load_roots(certs_folder(parts.settings) / "apple" / "root.pem")

    def _open(data: bytes) -> Files:
        return read_pkpass(data, roots).files

    return _open
