"""Clients in a process of their own, as a second web process is: `python -m tests.benchmarks.clients KIND URL PROGRAM MEMBERS CLIENTS`.

Each line on the way in is the number of the first sale of a run; one line comes back when it is done.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from itertools import count

from tests.benchmarks.bare import bare_transaction
from tests.benchmarks.bench_accrual import ITEMS, at_once, sale
from tests.benchmarks.databases import SECRET
from wallet.context import Context, Vault
from wallet.db import Database


def main(kind: str, url: str, program: str, members: str, clients: str) -> None:
    """Runs, until there is nothing more to read."""
    ids, several = json.loads(members), int(clients)
    with ExitStack() as stack:
        if kind == "bare":
            works = [stack.enter_context(bare_transaction(url, len(ids))) for _ in range(several)]
        else:
            context = Context(Vault(SECRET), "http://127.0.0.1:8000")
            database = Database(url, info={"context": context})
            stack.callback(database.dispose)
            works = [sale(database, int(program), ids.__getitem__, len(ids))] * several
        for line in sys.stdin:
            at_once(works, count(int(line)), ITEMS)()
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
