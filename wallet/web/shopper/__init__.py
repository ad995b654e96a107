"""The shopper's door: joining, the web card, its way into a wallet, the link by e-mail."""

from wallet.web.shopper.door import shopper_door

__all__ = ["shopper_door"]
