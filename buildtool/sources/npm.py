"""Packages of npm, from the registry that this machine's npm is configured for.

``npm pack`` runs nothing of a package, and checks what it fetched against the registry's hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem
from buildtool.core.run import Command, run
from buildtool.sources.cache import Cache

SECONDS = 600


def has_npm() -> bool:
    """Whether there is an npm to ask."""
    return shutil.which("npm") is not None


def npm_package(
    package: str, version: str, *, cache: Cache, sha256: str = "", offline: bool = False
) -> Path:
    """The unpacked folder of ``package@version``, in the cache; fetched once. ``sha256`` is the
    archive's, where it is locked.

    Raises:
        DownloadError: there is no npm, it cannot fetch the package, or got other bytes.
    """
    name = f"{package}@{version}"
    plain = package.strip("@").replace("/", "-")
    home = cache.root / "npm" / f"{plain}-{version}"
    if (home / "package.json").is_file():
        return home
    if offline:
        raise _failure(name, "is not in the cache, and downloads are off", "run once without it")
    if not has_npm():
        raise _failure(name, "cannot be fetched: there is no npm here", "apt-get install npm")
    cache.folder("npm")
    with tempfile.TemporaryDirectory(dir=cache.root / "npm", prefix=".fetching-") as folder:
        archive = _pack(name, Path(folder))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if sha256 and found != sha256:
            raise _failure(name, f"has SHA-256 {found}, not {sha256} as expected", "do not use it")
        _unpack(archive, Path(folder))
        unpacked = Path(folder) / "package"
        if not (home / "package.json").is_file():
            shutil.rmtree(home, ignore_errors=True)
            unpacked.replace(home)
    return home


def _pack(name: str, folder: Path) -> Path:
    argv = ("npm", "pack", "--json", "--ignore-scripts", name)
    done = run(
        Command(argv=argv, cwd=folder),
        what=f"fetching {name}",
        check=False,
        timeout=SECONDS,
        error=DownloadError,
    )
    archives = sorted(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise _failure(
            name,
            f"npm cannot fetch it: {_reason(done.stdout, done.stderr)}",
            "is the registry that 'npm config get registry' names within reach?",
        )
    return archives[0]


def _reason(stdout: str, stderr: str) -> str:
    """What npm says is wrong: in its JSON, or in its last line."""
    try:
        summary = json.loads(stdout)["error"]["summary"]
        return str(summary).splitlines()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        lines = [each for each in stderr.splitlines() if each.startswith("npm err") or each]
        return lines[0] if lines else "it does not say why"


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack regular files only. npm's archives come with odd modes; files keep their x bit."""
    with tarfile.open(archive) as tar:
        for member in tar:
            target = (folder / member.name).resolve()
            if not member.isfile() or not target.is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            if source is None:
                continue
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            target.chmod(0o755 if member.mode & 0o111 else 0o644)


def _failure(name: str, what: str, todo: str) -> DownloadError:
    return DownloadError(Problem(where=f"npm package {name}", what=what, todo=todo))
