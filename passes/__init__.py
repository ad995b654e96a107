"""Wallet passes: formats and delivery. Knows Apple and Google; does not know the loyalty account."""
