"""The REST API's door."""

from wallet.web.api.door import api_door, caller, key_limit

__all__ = ["api_door", "caller", "key_limit"]
