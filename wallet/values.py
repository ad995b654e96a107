"""What is made by the dozen while a cashier waits: of no wallet's concern, so that rules may use it as well."""

from __future__ import annotations

from passes.values import value_class

__all__ = ["value_class"]
