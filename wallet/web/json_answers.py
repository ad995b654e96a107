"""Answers in JSON, spelled by orjson; what that cannot spell is left to Flask's own way."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response as AnyResponse

# Times as Flask writes them, and names in order, so that equal answers are equal texts.
_AS_FLASK = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_APPEND_NEWLINE
)


class QuickJson(DefaultJSONProvider):
    """For what is answered. What comes in is read strictly, elsewhere (`wallet/web/api/body.py`)."""

    def response(self, *args: Any, **kwargs: Any) -> AnyResponse:
        """One value, or the items of one list or object."""
        value = self._prepare_response_obj(args, kwargs)
        try:
            text = orjson.dumps(value, default=self.default, option=_AS_FLASK)
        except TypeError:  # a number beyond 64 bits, half a character, a name that is no text
            return super().response(*args, **kwargs)
        return Response(text, mimetype=self.mimetype)
