"""Spliced archives are ordinary zip files."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from passes.apple.archive import Archive, deflated
from passes.apple.files import Head, sha1, whole

NAMES = st.text("abcxyz@.", min_size=1, max_size=12)
CONTENTS = st.one_of(
    st.binary(max_size=300), st.binary(min_size=1, max_size=4).map(lambda b: b * 99)
)


@given(
    fixed=st.dictionaries(NAMES, CONTENTS, max_size=5),
    changing=st.dictionaries(NAMES, st.tuples(CONTENTS, CONTENTS), max_size=5),
)
def test_everything_put_in_comes_out(
    fixed: dict[str, bytes], changing: dict[str, tuple[bytes, bytes]]
) -> None:
    changing = {name: data for name, data in changing.items() if name not in fixed}
    start = Archive(deflated(name, data) for name, data in fixed.items())
    files = [(Head.of(head), rest) for head, rest in changing.values()]

    data = b"".join(start.with_files(tuple(changing), files))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        together = {name: head + rest for name, (head, rest) in changing.items()}
        assert {n: archive.read(n) for n in archive.namelist()} == {**fixed, **together}


@given(head=CONTENTS, rests=st.lists(CONTENTS, min_size=1, max_size=3))
def test_a_head_is_hashed_once_for_many_files(head: bytes, rests: list[bytes]) -> None:
    begun = Head.of(head)
    for rest in rests:
        assert whole((begun, rest)) == head + rest
        assert sha1((begun, rest)) == hashlib.sha1(head + rest).hexdigest()


def test_unzip_accepts_it(tmp_path: Path) -> None:
    start = Archive([deflated("a.txt", b"a" * 1000)])
    (tmp_path / "x.zip").write_bytes(
        b"".join(start.with_files(("en.lproj/b",), [(Head.of(b""), b"b")]))
    )
    subprocess.run(["python3", "-m", "zipfile", "-t", tmp_path / "x.zip"], check=True)
