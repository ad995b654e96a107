"""Alembic's entry: runs inside the connection that `wallet.actions.upgrade_database` hands over."""

from __future__ import annotations

from alembic import context

from wallet import tables
from wallet.db import Base

assert tables  # every table is known by now


def include_object(
    obj: object, name: str | None, kind: str, reflected: bool, other: object
) -> bool:
    """Compare only what is ours."""
    return not (kind == "table" and reflected and other is None)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_object=include_object,
    transactional_ddl=True,
    compare_type=False,
)
context.run_migrations()
