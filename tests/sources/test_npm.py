from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtool.core.errors import DownloadError
from buildtool.sources.cache import Cache
from buildtool.sources.npm import npm_package


def archive(folder: Path) -> Path:
    """A package as npm has them, with a file that wants to leave its folder, and a link."""
    path = folder / "store.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, mode in (
            ("package/package.json", 0o600),
            ("package/tool", 0o750),
            ("../evil", 0o644),
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mode = 2, mode
            tar.addfile(member, io.BytesIO(b"{}"))
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


@pytest.fixture
def npm(
    tmp_path: Path, tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Puts a program called npm on PATH that writes down its words; returns where."""

    def put(script: str) -> Path:
        said = tmp_path / "said"
        text = f'echo "$*" >>"{said}"\n{script}'
        monkeypatch.setenv("PATH", str(tools(without=("npm",), scripts={"npm": text})))
        return said

    return put


def test_a_package_is_fetched_once(tmp_path: Path, npm: Callable[[str], Path]) -> None:
    store = archive(tmp_path)
    said = npm(f'cp "{store}" x-1.0.0.tgz')
    cache = Cache(root=tmp_path / "cache")
    digest = hashlib.sha256(store.read_bytes()).hexdigest()
    home = npm_package("@a/x", "1.0.0", cache=cache, sha256=digest)
    assert npm_package("@a/x", "1.0.0", cache=cache) == home
    assert npm_package("@a/x", "1.0.0", cache=cache, offline=True) == home
    assert said.read_text() == "pack --json --ignore-scripts @a/x@1.0.0\n"
    files = {each.name: each.stat().st_mode & 0o777 for each in home.iterdir()}
    assert files == {"package.json": 0o644, "tool": 0o755}
    assert not list((tmp_path / "cache").rglob("evil"))
    assert [each.name for each in (tmp_path / "cache/npm").iterdir()] == [home.name]


def test_other_bytes_than_locked_are_refused(tmp_path: Path, npm: Callable[[str], Path]) -> None:
    npm(f'cp "{archive(tmp_path)}" x.tgz')
    cache = Cache(root=tmp_path / "cache")
    with pytest.raises(DownloadError, match=f"has SHA-256 .*, not {'0' * 64} as expected"):
        npm_package("x", "1.0.0", cache=cache, sha256="0" * 64)
    assert not list((tmp_path / "cache/npm").iterdir())


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("""echo '{"error": {"summary": "404 Not Found\\\\nmore"}}'; exit 1""", "404 Not Found"),
        ("echo 'npm error network is down' >&2; exit 1", "network is down"),
        ("exit 1", "it does not say why"),
    ],
)
def test_what_npm_says_is_passed_on(
    tmp_path: Path, npm: Callable[[str], Path], script: str, reason: str
) -> None:
    npm(script)
    with pytest.raises(DownloadError, match=rf"x@1: npm cannot fetch it: .*{reason}"):
        npm_package("x", "1", cache=Cache(root=tmp_path / "cache"))


def test_without_npm_or_network_allowed(
    tmp_path: Path, tools: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools(without=("npm",))))
    cache = Cache(root=tmp_path / "cache")
    with pytest.raises(DownloadError, match="there is no npm here\n    apt-get install npm"):
        npm_package("x", "1", cache=cache)
    with pytest.raises(DownloadError, match="not in the cache, and downloads are off"):
        npm_package("x", "1", cache=cache, offline=True)
