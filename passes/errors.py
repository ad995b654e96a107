"""What can go wrong between us and a wallet."""

from __future__ import annotations


class DesignError(ValueError):
    """A design or a card that no wallet would accept; the message is a sentence for the marketer."""


class IdentityError(ValueError):
    """A certificate or key that cannot sign our passes; the message says what to do about it."""


class PackageError(ValueError):
    """A file that claims to be a signed pass and is not; the message says what is wrong with it."""


class DeliveryError(Exception):
    """A wallet provider did not take a change.

    `permanent` is true when trying again cannot help before somebody changes the configuration.
    `retry_after_seconds` is what the provider asked for, when it did.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
