"""The documentation page: Swagger UI from our own files."""

from __future__ import annotations

from flask import Response, make_response, render_template

from wallet.web.api.blueprint import api


@api.get("/docs")
@api.doc(hide=True)
def docs() -> Response:
    """Reads the document at `/api/openapi.json`; its key stays in the page."""
    return make_response(render_template("api/docs.html"))
