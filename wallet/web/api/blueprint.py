"""The blueprint on which every resource of the API hangs."""

from __future__ import annotations

from apiflask import APIBlueprint
from apiflask.schema_adapters import registry

from wallet.web.api.adapter import StrictAdapter

V1 = "/v1"  # the version that the contract speaks of

# Before the first call is described: APIFlask asks the registry when a decorator runs.
registry.register("pydantic", StrictAdapter)
api = APIBlueprint("api", __name__, url_prefix="/api")
