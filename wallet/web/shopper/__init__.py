"""The shopper's door: joining, the web card, its way into a wallet, the link by e-mail."""
