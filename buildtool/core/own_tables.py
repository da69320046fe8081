"""Tables of facts in YAML, as they come with this tool: each is read once."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

# libyaml's is ten times as fast, and not in every PyYAML.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_table(path: Path) -> Any:
    """What the file holds, which is not to be changed.

    Raises:
        OSError, UnicodeDecodeError, yaml.YAMLError: it cannot be read.
    """
    found = path.stat()
    return _read(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=32)
def _read(path: Path, changed: int, size: int) -> Any:
    del changed, size
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe
