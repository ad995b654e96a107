"""Who may use the till: somebody signed in, before a till that was not revoked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from werkzeug.wrappers import Response

from wallet.actions.tills.pair import PairedTill
from wallet.errors import Refusal
from wallet.web.security import TILL_ROLES, current_staff, require_role
from wallet.web.tills import current_till

P = ParamSpec("P")
R = TypeVar("R")


def paired_till() -> PairedTill:
    """The open till of this browser; `till_unpaired`, `till_revoked`."""
    till = current_till()
    if till is None:
        raise Refusal("till_unpaired")
    if not till.is_open:
        raise Refusal("till_revoked")
    return till


def somebody_at_till(view: Callable[P, R]) -> Callable[P, R | Response]:
    """A person of the till's roles. `till_revoked`, `till_locked` where a PIN is needed, else as
    `require_role`."""
    guarded = require_role(*TILL_ROLES)(view)

    @wraps(guarded)
    def _guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if current_till() is not None:
            paired_till()
            if current_staff() is None:
                raise Refusal("till_locked")
        return guarded(*args, **kwargs)

    return _guarded


def till_alone(view: Callable[P, R]) -> Callable[P, R | Response]:
    """The same, and a paired till at which nobody has said who they are: it may hand over what it
    saved and show its page."""
    guarded = require_role(*TILL_ROLES)(view)

    @wraps(guarded)
    def _guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if current_till() is not None and current_staff() is None:
            return view(*args, **kwargs)
        return guarded(*args, **kwargs)

    return _guarded
