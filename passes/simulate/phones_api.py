"""The phones over HTTP, for the page that shows them."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request

from passes.simulate.phones import BadCard, Phones
from passes.simulate.pictures import Pictures

LANGUAGES = ("fr", "en")
# Browsers send it only from pages of ours: no foreign page can press a phone's buttons.
GUARD_HEADER = "X-Comptoir-Simulator"
PICTURE_AGE_SECONDS = 3600  # addresses of pictures carry a digest


def phones_api(phones: Phones, pictures: Pictures) -> Blueprint:
    """Addresses below /phones."""
    api = Blueprint("phones", __name__, url_prefix="/phones")
    _add_reading(api, phones, pictures)
    _add_buttons(api, phones)
    return api


def _add_reading(api: Blueprint, phones: Phones, pictures: Pictures) -> None:
    @api.get("/state")
    def state() -> Response:
        """Everything, or 204 when nothing changed after version `since`."""
        if request.args.get("since", 0, type=int) == phones.version.number:
            return Response(status=204)
        return jsonify(phones.state())

    @api.get("/iphone/cards/<serial>/<role>.png")
    def pass_picture(serial: str, role: str) -> Response:
        if role not in ("icon", "logo", "strip"):
            abort(404)
        try:
            data = phones.iphone.picture(serial, role)
        except KeyError:
            data = None
        return _picture(data, "image/png")

    @api.get("/iphone/cards/<serial>/pass.pkpass")
    def pass_file(serial: str) -> Response:
        try:
            data = phones.iphone.pass_data(serial)
        except KeyError:
            abort(404)
        return Response(data, mimetype="application/vnd.apple.pkpass")

    @api.get("/android/pictures/<digest>")
    def card_picture(digest: str) -> Response:
        found = pictures.by_digest(digest)
        return _picture(found.data, found.mime) if found else _picture(None, "")


def _add_buttons(api: Blueprint, phones: Phones) -> None:
    @api.before_request
    def only_our_page() -> None:
        if request.method != "GET" and request.headers.get(GUARD_HEADER) != "1":
            abort(403)

    @api.post("/add")
    def add() -> tuple[Response, int]:
        """Put a card on both phones."""
        try:
            result = phones.add(str(_body().get("card", "")))
        except BadCard:
            return jsonify(code="bad_card"), 422
        added = any("id" in outcome for outcome in result.values())
        return jsonify(result), 201 if added else 422

    @api.post("/<name>/language")
    def language(name: str) -> Response:
        wanted = _body().get("language")
        if wanted not in LANGUAGES or name not in ("iphone", "android"):
            abort(422)
        phones.phone(name).speak(str(wanted))
        return Response(status=204)

    @api.post("/<name>/cards/<path:identifier>/refresh")
    def refresh(name: str, identifier: str) -> Response:
        try:
            phones.phone(name).refresh(identifier)
        except KeyError:
            abort(404)
        return Response(status=204)

    @api.delete("/<name>/cards/<path:identifier>")
    def remove(name: str, identifier: str) -> Response:
        try:
            phones.phone(name).delete(identifier)
        except KeyError:
            abort(404)
        return Response(status=204)


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
