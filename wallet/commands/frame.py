"""What every command does alike: expected failures become one clear line and a non-zero exit."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from passes.errors import DeliveryError, DesignError, IdentityError, PackageError
from wallet.actions.schema_state import SchemaError
from wallet.config import SettingsError
from wallet.errors import Refusal

P = ParamSpec("P")
R = TypeVar("R")
_EXPECTED = (
    SettingsError,
    SchemaError,
    IdentityError,
    DesignError,
    DeliveryError,
    PackageError,
    SQLAlchemyError,
    OSError,
    ValueError,
)


def one_line(view: Callable[P, R]) -> Callable[P, R]:
    """Expected failures become one line and a non-zero exit."""

    @wraps(view)
    def _run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return view(*args, **kwargs)
        except Refusal as error:
            raise click.ClickException(error.sentence) from error
        except _EXPECTED as error:
            first = str(error).strip().splitlines() or [type(error).__name__]
            raise click.ClickException(first[0]) from error

    return _run


def steps(update: Callable[[int], None]) -> Callable[[int, int], None]:
    """A progress callback (done, total) for a bar of a hundred steps."""
    shown = [0]

    def _progress(done: int, total: int) -> None:
        share = 100 * done // max(total, 1)
        update(share - shown[0])
        shown[0] = share

    return _progress
