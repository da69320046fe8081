"""What a build says that it compiled is what a compiler did."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from buildtool.backends.common.compile_counts import CompileMeter
from buildtool.core.values import CompileCounts
from buildtool.tools.launcher import Launcher, launching


def test_what_a_cache_gave_was_not_compiled(tmp_path: Path) -> None:
    ccache, compiler = shutil.which("ccache"), shutil.which("cc")
    if ccache is None or compiler is None:
        pytest.skip("needs ccache and a C compiler")
    folder = tmp_path / "build"
    sources = [tmp_path / f"{name}.c" for name in "abc"]
    objects = [folder / f"{source.stem}.o" for source in sources]
    for source in sources:
        source.write_text(f"int {source.stem};\n", encoding="utf-8")

    def make(launcher: Launcher, *names: str, language: str = "C") -> None:
        env = {**os.environ, **launcher.environment, "LANG": language, "LC_ALL": language}
        for name in names:
            words = ("-c", str(tmp_path / f"{name}.c"), "-o", str(folder / f"{name}.o"))
            subprocess.run([ccache, compiler, *words], env=env, check=True)

    with launching("ccache", folder=folder, cache=tmp_path) as launcher:
        meter = CompileMeter(folder, launcher.hits)
        make(launcher, "a", "b")
        assert meter.count(objects) == CompileCounts(compiled=2)
        (folder / "a.o").unlink()
        (folder / "b.o").unlink()
        meter = CompileMeter(folder, launcher.hits)
        assert meter.count(objects) == CompileCounts(compiled=0)
        make(launcher, "a", "c", language="de_DE.UTF-8")
        counts = meter.count(objects)
    assert counts == CompileCounts(compiled=1, cached=1)
    assert str(counts) == "1 compiled, 1 from a cache"
