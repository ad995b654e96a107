"""Spliced archives are ordinary zip files."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from passes.apple.archive import Archive, deflated, stored

NAMES = st.text("abcxyz@.", min_size=1, max_size=12)
CONTENTS = st.one_of(
    st.binary(max_size=300), st.binary(min_size=1, max_size=4).map(lambda b: b * 99)
)


@given(
    fixed=st.dictionaries(NAMES, CONTENTS, max_size=5),
    changing=st.dictionaries(NAMES, CONTENTS, max_size=5),
)
def test_everything_put_in_comes_out(fixed: dict[str, bytes], changing: dict[str, bytes]) -> None:
    changing = {name: data for name, data in changing.items() if name not in fixed}
    start = Archive(deflated(name, data) for name, data in fixed.items())

    data = start.with_entries([stored(name, content) for name, content in changing.items()])

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == {**fixed, **changing}


def test_unzip_accepts_it(tmp_path: Path) -> None:
    start = Archive([deflated("a.txt", b"a" * 1000)])
    (tmp_path / "x.zip").write_bytes(start.with_entries([stored("en.lproj/b", b"b")]))
    subprocess.run(["python3", "-m", "zipfile", "-t", tmp_path / "x.zip"], check=True)
