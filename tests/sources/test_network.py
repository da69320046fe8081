from __future__ import annotations

import pytest

from buildtool.core.paths import LOCK
from buildtool.sources import Cache, Progress, fetch_all, load_lock


@pytest.mark.network
def test_the_small_sources_come_from_their_first_place(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = load_lock(LOCK)
    names = ["nsync-1.29.2", "farmhash", "fft2d"]
    trees = fetch_all(lock, names, cache=cache, progress=Progress.of_process())
    assert (trees["nsync-1.29.2"].path / "public/nsync.h").is_file()
    assert (trees["farmhash"].path / "src/farmhash.cc").is_file()
    for name in names[:2]:
        for licence in lock[name].licences:
            assert (trees[licence.source].path / licence.path).is_file()
    assert capsys.readouterr().err.splitlines() == [
        "Debian source packages: fetching their lists",
        "nsync-1.29.2 1.29.2: from Debian source package nsync 1.29.2, verified",
        f"farmhash {lock['farmhash'].version}: from Debian source package farmhash "
        "0~git20190513.0d859a8, verified",
        "fft2d fftsg-rdft: from Python package kaldi-native-fbank 1.9, verified",
    ]
    assert fetch_all(lock, names, cache=cache, offline=True) == trees
