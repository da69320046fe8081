"""What a build says that it compiled is what a compiler did."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.backends.common.launcher import find_launcher
from buildtool.core.values import CompileCounts


def test_what_a_cache_gave_was_not_compiled(tmp_path: Path) -> None:
    ccache, compiler = shutil.which("ccache"), shutil.which("cc")
    if ccache is None or compiler is None:
        pytest.skip("needs ccache and a C compiler")
    folder, log = tmp_path / "build", tmp_path / "build" / "ccache.txt"
    sources = [tmp_path / f"{name}.c" for name in "abc"]
    objects = [folder / f"{source.stem}.o" for source in sources]
    for source in sources:
        source.write_text(f"int {source.stem};\n", encoding="utf-8")

    launcher = find_launcher("ccache", folder=folder, cache=tmp_path)
    assert launcher.environment["CCACHE_STATSLOG"] == str(log)

    def make(*names: str, language: str = "C") -> None:
        env = {**os.environ, **launcher.environment, "LANG": language, "LC_ALL": language}
        for name in names:
            words = ("-c", str(tmp_path / f"{name}.c"), "-o", str(folder / f"{name}.o"))
            subprocess.run([ccache, compiler, *words], env=env, check=True)

    meter = CompileMeter(log)
    make("a", "b")
    assert meter.count(objects) == CompileCounts(compiled=2)
    (folder / "a.o").unlink()
    (folder / "b.o").unlink()
    meter = CompileMeter(log)
    assert meter.count(objects) == CompileCounts(compiled=0)
    make("a", "c", language="de_DE.UTF-8")
    counts = meter.count(objects)
    assert counts == CompileCounts(compiled=1, cached=1)
    assert str(counts) == "1 compiled, 1 from ccache"
