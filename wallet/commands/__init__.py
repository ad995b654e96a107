"""The larger commands of `comptoir`, one family a file; `wallet.cli` puts them together."""
