"""Plain names for oddly named folders.

CMake, Ninja, ccache and ``-Wl,`` each give a meaning of their own to some of the characters that a
folder's name may hold (quotes, ``$``, ``;``, ``#``, commas, brackets), and have no way to quote
all of them. They are given a symbolic link of a plain name instead.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem

_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]*")


def is_plain(path: Path) -> bool:
    """Whether each character of the path is harmless, where all links lead."""
    return _PLAIN.fullmatch(str(path.resolve())) is not None


def plain(path: Path) -> Path:
    """``path``, if each character of it is harmless, else a link to it; the same one every time.

    Raises:
        ConfigError: there is no folder where such a link can be made.
    """
    if _PLAIN.fullmatch(str(path)):
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        folder = Path(parent, f"buildtool-{os.getuid()}")
        if _PLAIN.fullmatch(str(folder)) and _is_ours(folder):
            _link(folder / name, path)
            return folder / name
    raise ConfigError(
        Problem(
            where=str(path),
            what="the native build cannot work in a folder of this name, and no link with a "
            f"plainer name can be made in {tempfile.gettempdir()}",
            todo="move it to a path that has only letters, digits and '_.+@-', or set TMPDIR to a "
            "folder with such a path",
        )
    )


def _is_ours(folder: Path) -> bool:
    """Make the folder, which nobody else may write to; anybody can make names in its parent."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022 and not folder.is_symlink()


def _link(link: Path, path: Path) -> None:
    if link.is_symlink() and link.readlink() == path:
        return
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(path)
    temporary.replace(link)


def make_absolute(env: MutableMapping[str, str], variables: Iterable[str], folder: Path) -> None:
    """Let relative folders in ``variables`` count from ``folder``, where the user stands: steps run
    in the project's folder, and some builds in another one."""
    for variable in variables:
        if value := env.get(variable, "").strip():
            env[variable] = str(folder / Path(value).expanduser())
