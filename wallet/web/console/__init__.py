"""The console: what owners, managers and marketers see of their program."""

from wallet.web.console.door import console_door

__all__ = ["console_door"]
