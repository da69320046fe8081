"""Files that can be read to their end: pipes and devices never end, or wait for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
# Files that a kernel makes while they are read, as long as it likes (proc(5), sysfs(5)).
_OF_THE_KERNEL = ("/proc/", "/sys/")


def irregular(path: Path) -> str:
    """What ``path`` is where it is neither a file nor a folder, such as ``a pipe``; else ``""``,
    also where nothing is there or it may not be looked at."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode) and os.path.realpath(path).startswith(_OF_THE_KERNEL):
        return "made by the kernel while it is read"
    return _KINDS.get(stat.S_IFMT(mode), "")
