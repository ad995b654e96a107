"""The REST API's door."""

from wallet.web.api.door import api_door

__all__ = ["api_door"]
