"""Doors: they parse, call one action, and answer."""
