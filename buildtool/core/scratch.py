"""Folders in which something is made, beside the place where it will stay."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# Nothing is made for so long: seconds.
_LEFT = 24 * 3600.0


@contextlib.contextmanager
def scratch_folder(folder: Path, kind: str) -> Iterator[Path]:
    """A folder of its own below ``folder``, which goes when all is done or fails. Those of this
    ``kind`` that a killed run has left there go, too, once they are a day old."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{kind}-*"):
        with contextlib.suppress(OSError):  # another run was faster, or it is not ours
            if time.time() - left.stat().st_mtime > _LEFT:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"{kind}-") as name:
        yield Path(name)
