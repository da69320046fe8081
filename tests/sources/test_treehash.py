from __future__ import annotations

import hashlib
from pathlib import Path

from buildtool.sources.treehash import tree_sha256


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def test_is_what_its_definition_says(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"one")
    (tmp_path / "a.b").write_bytes(b"two")
    (tmp_path / "run").write_bytes(b"#!")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "to").symlink_to("a/x")
    text = b"".join(
        [
            b"f " + sha256(b"two") + b" a.b\0",  # "." sorts before "/"
            b"f " + sha256(b"one") + b" a/x\0",
            b"x " + sha256(b"#!") + b" run\0",
            b"l " + sha256(b"a/x") + b" to\0",
        ]
    )
    assert tree_sha256(tmp_path) == hashlib.sha256(text).hexdigest()


def test_does_not_depend_on_times_write_bits_or_empty_folders(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"one")
    before = tree_sha256(tmp_path)
    file.touch()
    file.chmod(0o444)
    (tmp_path / "empty").mkdir()
    assert tree_sha256(tmp_path) == before


def test_depends_on_content_name_and_executable_bit(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"one")
    seen = {tree_sha256(tmp_path)}
    file.chmod(0o755)
    seen.add(tree_sha256(tmp_path))
    file.write_bytes(b"two")
    seen.add(tree_sha256(tmp_path))
    file.rename(tmp_path / "y")
    seen.add(tree_sha256(tmp_path))
    assert len(seen) == 4
