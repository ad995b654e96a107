"""Secret files are never readable by others, not even for a moment, and are made once."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

from passes.private_files import alone, write_private


def test_a_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "key", b"first and longer")
        write_private(tmp_path / "key", b"second")
    finally:
        os.umask(before)
    assert (tmp_path / "key").read_bytes() == b"second"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_one_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    inside: list[str] = []

    def work(name: str) -> None:
        with alone(tmp_path / "certs"):
            inside.append(f"{name} in")
            time.sleep(0.05)
            inside.append(f"{name} out")

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = inside[0][0], inside[2][0]
    assert inside == [f"{first} in", f"{first} out", f"{second} in", f"{second} out"]
    assert stat.S_IMODE((tmp_path / "certs").stat().st_mode) == 0o700
