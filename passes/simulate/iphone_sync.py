"""How the iPhone keeps its passes up to date: register, list, fetch, verify, show, announce."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from passes.simulate.activity import Activity
from passes.simulate.iphone_shelf import Held, PassRefused, Shelf
from passes.simulate.iphone_web import Address, Fetched, Listing, PassKitClient, WebError
from passes.simulate.pass_face import announcements, face
from passes.simulate.tasks import Tasks

_CHANGED = {"fr": "Carte mise à jour", "en": "Pass updated"}  # the phone's own words


class Sync:
    """Runs the protocol for the passes of a shelf. Every method is a task of the phone's thread."""

    def __init__(self, shelf: Shelf, web: PassKitClient, tasks: Tasks, activity: Activity) -> None:
        self.web = web
        self.language = "fr"
        self.retry_delays_seconds: Sequence[float] = ()
        self.push_tokens: dict[str, str] = {}  # by pass type
        self.tags: dict[tuple[str, str], str] = {}  # by web service and pass type
        self._shelf = shelf
        self._tasks = tasks
        self._activity = activity

    def register(self, serial: str, attempt: int = 0) -> None:
        """Ask the pass's server to be told of changes."""
        held = self._shelf.get(serial)
        if held is None:
            return
        try:
            new = self.web.register(held.address, self.push_tokens[held.address.pass_type])
        except WebError as error:
            self._failed(held.address, error, partial(self.register, serial), attempt)
            return
        self._shelf.keep(serial, registered=True)
        self._activity.note("registered", card=serial, new=new)

    def unregister(self, address: Address, attempt: int = 0) -> None:
        """Tell the server that the pass left this phone."""
        try:
            self.web.unregister(address)
        except WebError as error:
            self._failed(address, error, partial(self.unregister, address), attempt)
            return
        self._activity.note("unregistered", card=address.serial)

    def update(self, pass_type: str, attempt: int = 0) -> None:
        """What follows a push: ask each web service of this type what changed, and fetch it."""
        addresses = [held.address for held in self._shelf.all()]
        services = {one.url: one for one in addresses if one.url and one.pass_type == pass_type}
        for address in services.values():
            try:
                self._update_from(address)
            except WebError as error:
                self._failed(address, error, partial(self.update, pass_type), attempt)

    def refresh(self, serial: str) -> None:
        """What follows pull to refresh: fetch this one pass, unless it is the same."""
        held = self._shelf.get(serial)
        if held is None or not held.address.url:
            return
        try:
            self._fetch(held, listed=False)
        except WebError as error:
            self._failed(held.address, error, None, 0)

    def _update_from(self, address: Address) -> None:
        key = (address.url, address.pass_type)
        tag = self.tags.get(key)
        listing = self.web.changed(address, tag)
        if listing is None:
            self._activity.note("nothing_new")
            return
        self._activity.note("listed", count=len(listing.serials))
        if tag == listing.tag:
            self._complain(address, _same_tag(listing))
        for serial in listing.serials:
            if held := self._shelf.get(serial):
                self._fetch(held, listed=tag is not None)
        self.tags[key] = listing.tag  # only now: after a failure the same is asked again

    def _fetch(self, held: Held, *, listed: bool) -> None:
        """Take the current pass. `listed` when the server has just said that it changed."""
        fetched = self.web.fetch(held.address, held.last_modified)
        if fetched is None:
            self._unchanged(held.address, listed=listed)
            return
        serial = held.address.serial
        self._activity.note("fetched", card=serial, bytes=len(fetched.data))
        if fetched.complaints:
            self._activity.note(
                "complaint", card=serial, good=False, problem="; ".join(fetched.complaints)
            )
            self.web.complain(held.address.url, fetched.complaints)
        self._replace(held, fetched, listed=listed)

    def _replace(self, held: Held, fetched: Fetched, *, listed: bool) -> None:
        serial = held.address.serial
        try:
            new = self._shelf.verified(fetched.data)
            if new.address != held.address:
                raise PassRefused("an update may not change the pass's identity, token or address")
        except PassRefused as error:
            self._activity.note("refused", card=serial, good=False, problem=str(error))
            self._complain(held.address, f"Invalid data error reading pass {serial}: {error}")
            return
        self._activity.note("verified", card=serial)
        if new.same_content(held):
            self._shelf.keep(serial, last_modified=fetched.last_modified)
            self._unchanged(held.address, listed=listed)
            return
        taken = self._shelf.keep(
            serial,
            data=new.data,
            files=new.files,
            updated_at=new.updated_at,
            last_modified=fetched.last_modified,
        )
        if taken:
            self._activity.note("shown", card=serial)
            self._announce(held, new)

    def _unchanged(self, address: Address, *, listed: bool) -> None:
        self._activity.note("unchanged", card=address.serial, good=not listed)
        if listed:
            requested = f"Server requested update to serial number '{address.serial}'"
            self._complain(address, f"{requested}, but the pass was unchanged.")

    def _announce(self, before: Held, after: Held) -> None:
        """One notification at most, whatever changed: that is all an iPhone shows."""
        sentences = announcements(before.files, after.files, self.language)
        if not sentences:
            return
        generic = _CHANGED.get(self.language, _CHANGED["en"])
        text = sentences[0] if len(sentences) == 1 and sentences[0] else generic
        title = str(face(after.files, self.language)["organization"])
        self._activity.notify(card=after.address.serial, title=title, text=text)

    def _failed(
        self,
        address: Address,
        error: WebError,
        again: Callable[[int], None] | None,
        attempt: int,
    ) -> None:
        """Log it here and at the server, and try again later if that may help."""
        delay = None
        if again is not None and error.retry and attempt < len(self.retry_delays_seconds):
            delay = self.retry_delays_seconds[attempt]
            self._tasks.submit(partial(again, attempt + 1), delay)
        self._activity.note(
            "failed", card=address.serial, good=False, problem=str(error), retry_seconds=delay
        )
        self.web.complain(address.url, [str(error)])

    def _complain(self, address: Address, problem: str) -> None:
        self._activity.note("complaint", card=address.serial, good=False, problem=problem)
        start = f"Web service error for {address.pass_type} ({address.url}): "
        self.web.complain(address.url, [start + problem])


def _same_tag(listing: Listing) -> str:
    included = f"included {len(listing.serials)} serial numbers"
    remained = f"but the lastUpdated tag ({listing.tag}) remained the same"
    return f"Response to 'What changed?' request {included} {remained}."
