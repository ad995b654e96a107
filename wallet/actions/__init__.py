"""Verbs, one a file. They take the session and never commit, so that one may call another."""
