"""Groups of commands that import a command when it is asked for: `comptoir serve` starts without the
libraries of `comptoir certs`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`lazy` maps a word to ("module:name", the command's line in the list of commands)."""

    def __init__(
        self, *arguments: Any, lazy: Mapping[str, tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every word, those that are not imported too."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself."""
        if cmd_name in self.lazy and cmd_name not in self.commands:
            module, name = self.lazy[cmd_name][0].split(":")
            self.add_command(getattr(import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(word, self.lazy[word][1]) for word in self.list_commands(ctx)])
