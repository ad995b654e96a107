"""The signed cookie of pages; requests without one, such as every call of the API, need no signer."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class QuickSessions(SecureCookieSessionInterface):
    """Flask's own make a signer for each request, before they look whether there is a cookie to check."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session where no cookie came."""
        if not request.cookies.get(self.get_cookie_name(app)):
            return self.session_class()
        return super().open_session(app, request)
