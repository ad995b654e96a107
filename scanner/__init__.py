"""The till: the page a cashier works with, and its verbs."""

from __future__ import annotations

from scanner.door import till_door

__all__ = ["till_door"]
