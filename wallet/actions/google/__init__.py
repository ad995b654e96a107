"""Google Wallet as the account sees it: what to send, how fast, how loudly, and what came back."""
