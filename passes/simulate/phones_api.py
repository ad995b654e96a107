"""The phones over HTTP, for the page that shows them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from passes.simulate.phones import BadCard, Phones
from passes.simulate.pictures import Pictures

LANGUAGES = ("fr", "en")
# Browsers send it only from pages of ours: no foreign page can press a phone's buttons.
GUARD_HEADER = "X-Comptoir-Simulator"
PICTURE_AGE_SECONDS = 3600  # addresses of pictures carry a digest


class PhonesApi:
    """Addresses below /phones. A card or phone that is not there is a 404."""

    def __init__(self, phones: Phones, pictures: Pictures) -> None:
        self._phones = phones
        self._pictures = pictures

    def blueprint(self) -> Blueprint:
        """For any Flask app."""
        api = Blueprint("phones", __name__, url_prefix="/phones")
        api.register_error_handler(KeyError, lambda error: ("", 404))
        api.before_request(_only_our_page)
        card = "/<name>/cards/<path:identifier>"
        api.add_url_rule("/state", view_func=self.state)
        api.add_url_rule("/iphone/cards/<serial>/<role>.png", view_func=self.pass_picture)
        api.add_url_rule("/iphone/cards/<serial>/pass.pkpass", view_func=self.pass_file)
        api.add_url_rule("/android/pictures/<digest>", view_func=self.card_picture)
        api.add_url_rule("/android/cards/<path:identifier>/code", view_func=self.card_code)
        api.add_url_rule("/google/mood", view_func=self.mood, methods=["POST"])
        api.add_url_rule("/add", view_func=self.add, methods=["POST"])
        api.add_url_rule("/<name>/language", view_func=self.language, methods=["POST"])
        api.add_url_rule(f"{card}/refresh", view_func=self.refresh, methods=["POST"])
        api.add_url_rule(card, view_func=self.remove, methods=["DELETE"])
        return api

    def state(self) -> Response:
        """Everything, or 204 when nothing changed after version `since`."""
        if request.args.get("since", 0, type=int) == self._phones.version.number:
            return Response(status=204)
        return jsonify(self._phones.state())

    def pass_picture(self, serial: str, role: str) -> Response:
        """A picture out of the pass."""
        return _picture(self._phones.iphone.picture(serial, role), "image/png")

    def pass_file(self, serial: str) -> Response:
        """The .pkpass as the iPhone holds it."""
        data = self._phones.iphone.pass_data(serial)
        return Response(data, mimetype="application/vnd.apple.pkpass")

    def card_picture(self, digest: str) -> Response:
        """A picture that Google fetched."""
        found = self._pictures.by_digest(digest)
        return _picture(found.data, found.mime) if found else _picture(None, "")

    def card_code(self, identifier: str) -> Response:
        """The code on a card now: it may change by itself."""
        return jsonify(self._phones.android.code(identifier))

    def mood(self) -> Response:
        """How Google's stand-in answers from now on."""
        self._phones.let_google_be(str(_body().get("mood", "")))
        return Response(status=204)

    def add(self) -> tuple[Response, int]:
        """Put a card on both phones."""
        try:
            result = self._phones.add(str(_body().get("card", "")))
        except BadCard:
            return jsonify(code="bad_card"), 422
        added = any("id" in outcome for outcome in result.values())
        return jsonify(result), 201 if added else 422

    def language(self, name: str) -> Response:
        """Change a phone's language."""
        wanted = _body().get("language")
        if wanted not in LANGUAGES:
            abort(422)
        self._phones.phone(name).speak(str(wanted))
        return Response(status=204)

    def refresh(self, name: str, identifier: str) -> Response:
        """Pull to refresh."""
        self._phones.phone(name).refresh(identifier)
        return Response(status=204)

    def remove(self, name: str, identifier: str) -> Response:
        """Remove a card from a phone."""
        self._phones.phone(name).delete(identifier)
        return Response(status=204)


def _only_our_page() -> None:
    if request.method != "GET" and request.headers.get(GUARD_HEADER) != "1":
        abort(403)


def _body() -> dict[str, object]:
    data = request.get_json(silent=True)
    return data if isinstance(data, dict) else {}


def _picture(data: bytes | None, mime: str) -> Response:
    if data is None:
        abort(404)
    response = Response(data, mimetype=mime)
    response.headers["Cache-Control"] = f"private, max-age={PICTURE_AGE_SECONDS}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
