"""Tills: pairing, people before them, what they did and on whose word."""
