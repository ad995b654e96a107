"""The two applications that `bench http` serves, each in a process of its own with the product's server."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from itertools import count

from flask import Flask, request

import app as product_app
from tests.benchmarks.bare import Transaction, bare_transaction
from wallet.web.api import door

ACCOUNTS = 200
UNLIMITED = "1000000 per second"  # one address and one key send everything; they are still counted


def product() -> Flask:
    """The whole service."""
    for module, name in ((door, "KEY_LIMIT"), (product_app, "FLOOD_LIMIT")):
        setattr(module, name, UNLIMITED)
    return product_app.create_app()


def bare() -> Flask:
    """One route that runs the least that could be durable; on SQLite writers queue as in the product."""
    url = os.environ["COMPTOIR_DATABASE_URL"]
    made = Flask(__name__)
    kept = threading.local()
    numbers, stack = count(int.from_bytes(os.urandom(5))), ExitStack()
    lock = threading.Lock()
    is_sqlite = url.startswith("sqlite")

    def transaction() -> Transaction:
        if not hasattr(kept, "work"):
            kept.work = stack.enter_context(bare_transaction(url, ACCOUNTS))
        work: Transaction = kept.work
        return work

    @made.post("/purchases")
    def purchases() -> tuple[dict[str, int], int]:
        facts = request.get_json()
        number = next(numbers)
        work = transaction()
        if is_sqlite:
            with lock:
                work(number)
        else:
            work(number)
        return {"amount_minor": facts["amount_minor"], "number": number}, 201

    return made
