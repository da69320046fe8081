"""What a killed make leaves behind is made again; what it had finished is not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from buildtool.backends.makefile.unfinished import MARK, made_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Objects and dependency files, as if made half a minute after the mark was set."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs cc")
    source = tmp_path / "a.c"
    source.write_text("int table[9] = {1}; int f(int x) { return table[x]; }", encoding="utf-8")
    made = tmp_path / "gen"
    for name in ("good", "half", "headless", "undocumented", "old"):
        place = made / "key" / "obj" / "kernels" / f"{name}.o"
        depends = made / "key" / "dep" / "kernels" / f"{name}.d"
        for path in (place, depends):
            path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-c", str(source), "-o", str(place)], check=True)
        depends.write_text(f"{name}.o: a.c\n", encoding="utf-8")
        if name == "undocumented":
            depends.rename(depends.with_suffix(".Td"))
        content = place.read_bytes()
        if name in ("half", "old"):
            place.write_bytes(content[: len(content) // 2])
        if name == "headless":
            place.write_bytes(bytes(64) + content[64:])
    (made / "key" / "types.pb.cc").write_text("// half", encoding="utf-8")
    (made / MARK).touch()
    for path in made.rglob("*"):
        os.utime(path, (1000, 1000) if path.stem == "old" else (2030, 2030))
    os.utime(made / MARK, (2000, 2000))
    return made


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_what_was_not_finished_is_removed(folder: Path) -> None:
    before = left(folder)
    with made_in(folder):
        assert (folder / MARK).stat().st_mtime > 3000
        gone = {"half.o", "headless.o", "undocumented.o", "undocumented.Td", "types.pb.cc"}
        assert left(folder) == before - gone
    assert left(folder) == before - gone - {MARK}


def test_without_a_mark_nothing_is_removed(folder: Path) -> None:
    (folder / MARK).unlink()
    before = left(folder)
    with made_in(folder):
        pass
    assert left(folder) == before


def test_an_end_by_an_error_leaves_the_mark(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), made_in(folder):
        raise KeyboardInterrupt
    assert (folder / MARK).exists()
