"""An app is written once; what the user does to it stays."""

from __future__ import annotations

import json
from pathlib import Path

from buildtool.apps.app_files import RECORD, write_app

FILES = {"main.cc": b"one", "model.cc": b"two", "deep/image.cc": b"three"}


def there(folder: Path) -> dict[str, bytes]:
    names = (path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}


def test_what_is_changed_stays_and_all_else_is_renewed(tmp_path: Path) -> None:
    assert write_app(tmp_path, FILES).new == tuple(FILES)
    assert there(tmp_path) == FILES
    (tmp_path / "main.cc").write_bytes(b"mine")
    later = {"main.cc": b"other", "model.cc": b"newer", "deep/image.cc": b"three", "more": b"4"}
    written = write_app(tmp_path, later)
    assert (written.kept, written.renewed) == (("main.cc",), ("model.cc",))
    assert (written.same, written.new, written.gone) == (("deep/image.cc",), ("more",), ())
    assert there(tmp_path) == {**later, "main.cc": b"mine"}
    # It is still the user's the next time, and what is as it would be written is nobody's.
    assert write_app(tmp_path, later).kept == ("main.cc",)
    (tmp_path / "main.cc").write_bytes(b"other")
    assert write_app(tmp_path, later).kept == ()
    assert write_app(tmp_path, {**later, "main.cc": b"newest"}).renewed == ("main.cc",)


def test_what_was_there_before_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "main.cc").write_bytes(b"theirs")
    (tmp_path / "model.cc").mkdir()
    written = write_app(tmp_path, FILES)
    assert written.kept == ("main.cc", "model.cc")
    assert there(tmp_path) == {"main.cc": b"theirs", "deep/image.cc": b"three"}


def test_what_is_removed_is_written_anew(tmp_path: Path) -> None:
    write_app(tmp_path, FILES)
    (tmp_path / "main.cc").unlink()
    assert write_app(tmp_path, FILES).new == ("main.cc",)


def test_what_the_app_needs_no_more_goes_unless_it_was_changed(tmp_path: Path) -> None:
    write_app(tmp_path, FILES)
    (tmp_path / "model.cc").write_bytes(b"mine")
    assert write_app(tmp_path, {"main.cc": b"one"}).gone == ("deep/image.cc",)
    assert there(tmp_path) == {"main.cc": b"one", "model.cc": b"mine"}


def test_a_spoilt_record_makes_all_files_the_users(tmp_path: Path) -> None:
    for text in ("{", "[]", json.dumps({"../outside": "x", "/etc/x": "y"})):
        write_app(tmp_path, FILES)
        (tmp_path / RECORD).write_text(text, encoding="utf-8")
        assert write_app(tmp_path, dict.fromkeys(FILES, b"new")).kept == tuple(FILES)
    assert there(tmp_path) == FILES
