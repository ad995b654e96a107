"""The stand-ins under test."""

from __future__ import annotations

from tests.fakes.simulators import apns, apple_identity, simulator_certs

__all__ = ["apns", "apple_identity", "simulator_certs"]
