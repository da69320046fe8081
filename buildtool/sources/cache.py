"""Where fetched things stay, shared by every build of this user and safe for several at once.

``archives/<sha256>`` holds verified archives, ``trees/<name>-<hash>`` verified trees with a stamp
beside each, ``locks/`` one file for each thing that is being made.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path

from buildtool.core.errors import ConfigError, DownloadError, Problem
from buildtool.core.plain_paths import plain
from buildtool.sources.progress import Progress

VARIABLE = "BUILDTOOL_CACHE"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_VERIFIED: dict[Path, float] = {}


class StorageError(DownloadError):
    """The cache cannot be written: trying another place would not help."""


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The cache below ``root``, an absolute path. In a run of this tool, ``verified`` says of its
    trees when they were last found as they should be, as time.monotonic() has it; None: nobody
    remembers."""

    root: Path
    verified: dict[Path, float] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of_user(cls, environment: Mapping[str, str] | None = None) -> Cache:
        """Return ``$BUILDTOOL_CACHE``, or ``buildtool`` below the user's cache folder.

        Raises:
            ConfigError: the variable names what no folder can be called.
        """
        env = os.environ if environment is None else environment
        if chosen := env.get(VARIABLE):
            return cls(root=_chosen(chosen))
        base = Path(env.get("XDG_CACHE_HOME", ""))
        # The XDG base directory rules: a relative path is to be ignored.
        home = base if base.is_absolute() else Path("~/.cache").expanduser()
        return cls(root=home / "buildtool")

    @classmethod
    def of_run(cls) -> Cache:
        """The same for a run of this tool: under a name that compilers take, remembering which
        trees were verified. Raises as :meth:`of_user`."""
        return cls(root=plain(cls.of_user().root), verified=_VERIFIED)

    def archive(self, key: str) -> Path:
        """The archive whose SHA-256 (or other unique name) is ``key``."""
        return self.root / "archives" / key

    def tree(self, name: str, digest: str) -> Path:
        """The unpacked tree ``name`` whose tree hash is ``digest``."""
        return self.root / "trees" / f"{name}-{digest[:12]}"

    def stamp(self, name: str, digest: str) -> Path:
        """The file that holds the full hash of a tree once that was verified."""
        return self.root / "trees" / f"{name}-{digest[:12]}.verified"

    def folder(self, *parts: str) -> Path:
        """Make a folder below the root and return it."""
        path = self.root.joinpath(*parts)
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def instead_of(self, folder: Path) -> Path:
        """The folder, not made, that stands in for one whose own path some program refuses."""
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        return self.root / folder.name / name

    @contextlib.contextmanager
    def locked(self, key: str, *, what: str, progress: Progress) -> Iterator[None]:
        """Hold the lock ``key`` against other processes and threads; wait for it if need be."""
        path = self.folder("locks") / key
        with writing(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress.note(f"{what}: waiting for another process that is fetching it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _chosen(text: str) -> Path:
    """The folder that somebody names; Raises as :meth:`Cache.of_user`."""
    try:
        path = Path(text).expanduser().absolute()
        path.is_dir()  # raises where no folder can be called that
    except RuntimeError:
        what = f"there is no home folder as in {text!r}"
    except OSError as failure:
        what = f"no folder can be there: {failure.strerror}"
    else:
        return path
    todo = "name another folder, or unset it"
    raise ConfigError(Problem(where=VARIABLE, what=what, todo=todo))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write at ``path`` into a :class:`StorageError` that says what to do."""
    try:
        yield
    except OSError as failure:
        todo = f"free some room there, or set {VARIABLE} to a folder on a larger disk"
        if failure.errno not in FULL:
            todo = f"mend its permissions, or set {VARIABLE} to a folder that you may write"
        where = str(failure.filename or path)
        what = f"cannot write: {failure.strerror or failure}"
        raise StorageError(Problem(where=where, what=what, todo=todo)) from None


def write_all(file: RawIOBase, chunk: bytes) -> None:
    """Write all of ``chunk`` to an unbuffered file: a full disk shows here, not at its closing."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
