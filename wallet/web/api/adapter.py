"""How APIFlask reads and describes our models: strictly, and with our problem documents."""

from __future__ import annotations

from typing import Any

from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from wallet.errors import N_, Refusal
from wallet.web.api.body import ERRORS_MAX, check_text, field_name, read_json

REF_ERROR = "member_reference"  # the type of the error that has a code of its own
# What pydantic calls the forms of fields that have several.
_FORMS = ("ExternalRef", "ConsentChange", "SaleReference", "bool")


class StrictAdapter(PydanticAdapter):
    """One way in: strict JSON or a strict query string. Answers are built from models already."""

    def validate_input(self, request: Request, location: str, **kwargs: Any) -> BaseModel:
        """The model, or a `Refusal` that names every wrong field."""
        data = read_json(request) if location == "json" else query_of(request)
        return validated(self.model_class, data)

    def serialize_output(self, data: Any, many: bool = False) -> Any:
        """A model or what was stored of one."""
        return data.model_dump(mode="json") if isinstance(data, BaseModel) else data

    def get_openapi_schema(self, **kwargs: Any) -> dict[str, Any]:
        """JSON Schema whose parts are named by their model alone."""
        return described(self.model_class)


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema, without titles that repeat names and without empty defaults: those
    only mean "may be left out", and some would not pass their own check."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("title"), str):
                del part["title"]
            if part.get("default", True) in ("", None, [], {}):
                del part["default"]
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return schema


def validated(model: type[BaseModel], data: Any) -> BaseModel:
    """`data` as a model. `body_invalid` lists the fields; a bad member reference has its own code."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True, include_input=False)
    if any(detail["type"] == REF_ERROR for detail in details):
        raise Refusal("member_reference_invalid")
    raise Refusal("body_invalid", errors=_errors(details))


def _errors(details: list[ErrorDetails]) -> list[dict[str, str]]:
    """One sentence a field. Where a field may have one of several forms, pydantic says for each of them
    what is wrong with it and names the form; whoever reads this knows neither."""
    errors: dict[str, str] = {}
    for detail in details:
        if detail["type"] == "none_required":
            continue  # the other form of a field that may be left out: never what was meant
        *inner, last = detail["loc"] or ("",)
        is_name = detail["type"] in ("extra_forbidden", "missing")
        path = [part for part in inner if part not in _FORMS]
        path += [last] if is_name or not path or last not in _FORMS else []
        field = field_name(tuple(path))
        if field not in errors:
            errors[field] = _sentence(detail)
        if len(errors) == ERRORS_MAX:
            break
    return [{"field": field, "message": said} for field, said in errors.items()]


def query_of(request: Request) -> dict[str, str]:
    """The query string; `body_invalid` when a name comes twice or a text is not clean."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        message = _("This may be given only once.")
        errors = [{"field": field_name((name,)), "message": message} for name in repeated]
        raise Refusal("body_invalid", errors=errors[:ERRORS_MAX])
    query = {name: value for name, value in request.args.items() if name != "lang"}
    check_text(query)
    return query


# Type of pydantic's error → what is wrong with the field.
_SENTENCES = {
    "missing": N_("This field is missing."),
    "extra_forbidden": N_("This field does not exist."),
    "string_type": N_("This must be text."),
    "string_unicode": N_("This is not valid text."),
    "string_too_short": N_("This needs at least %(least)s characters."),
    "string_too_long": N_("This may have at most %(most)s characters."),
    "string_pattern_mismatch": N_("This does not have the right form."),
    "int_type": N_("This must be a whole number."),
    "int_parsing": N_("This must be a whole number."),
    "bool_type": N_("This must be true or false."),
    "greater_than_equal": N_("This must be at least %(least)s."),
    "less_than_equal": N_("This must be at most %(most)s."),
    "list_type": N_("This must be a list."),
    "too_short": N_("This needs at least %(least)s entries."),
    "too_long": N_("This may have at most %(most)s entries."),
    "model_type": N_("This must be an object."),
    "dict_type": N_("This must be an object."),
    "literal_error": N_("Possible values: %(values)s."),
    "time_form": N_("This must be a time with its zone, such as 2026-05-04T12:30:00Z."),
    "time_range": N_("This time cannot be: it does not exist, or is before the year 2000."),
    "date_form": N_("This must be a date, such as 1990-05-04."),
    "exactly_one": N_("Exactly one of these is needed: %(names)s."),
}


def _sentence(detail: ErrorDetails) -> str:
    """What is wrong with a field, in the language of the reader."""
    context = {key: str(value) for key, value in detail.get("ctx", {}).items()}
    least = context.get("ge", context.get("min_length", ""))
    if detail["type"] in ("string_too_short", "too_short") and least == "1":
        return str(_("This must not be empty."))
    said = {
        "least": least,
        "most": context.get("le", context.get("max_length", "")),
        "values": context.get("expected", "").replace(" or ", ", ").replace("'", ""),
        "names": context.get("names", ""),
    }
    return str(_(_SENTENCES.get(detail["type"], "This value cannot be used."), **said))
