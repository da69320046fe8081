"""The files of an app that was written once and that the user goes on with: what is still as it was
written is renewed, and what the user has changed stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.render import to_json, write_bytes_if_changed, write_if_changed

# Stands among the app's files, and goes with them into a repository.
RECORD = ".written-by-buildtool.json"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of the files, by their names: ``kept`` are others than would be written, and the
    user's; ``gone`` were written before and are not part of the app any more."""

    new: tuple[str, ...]
    renewed: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]
    gone: tuple[str, ...]


def write_app(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Write the files of an app into ``folder``, but for those that are the user's or that the user
    has changed. A file that is no longer needed is removed if it is as it was written."""
    record = _record(folder / RECORD)
    kinds: dict[str, list[str]] = {"new": [], "renewed": [], "same": [], "kept": [], "gone": []}
    left = dict(record)
    for name, content in files.items():
        path, now = folder / name, _digest(content)
        there = _digest_of(path)
        if there == now:
            kind = "same"
        elif there is None:
            kind = "new"
        else:
            kind = "renewed" if there == record.get(name) else "kept"
        kinds[kind].append(name)
        if kind in {"new", "renewed"}:
            write_bytes_if_changed(path, content)
        if kind != "kept":
            left[name] = now
    for name in sorted(set(record) - set(files)):
        if _digest_of(folder / name) == record[name]:
            (folder / name).unlink()
            kinds["gone"].append(name)
        del left[name]
    write_if_changed(folder / RECORD, to_json(left))
    return Written(**{kind: tuple(names) for kind, names in kinds.items()})


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str | None:
    """None where there is no such file; a folder or a link that leads nowhere has some other."""
    if not path.exists() and not path.is_symlink():
        return None
    return _digest(path.read_bytes()) if path.is_file() else ""


def _record(path: Path) -> dict[str, str]:
    """The hashes of what was written; none where that cannot be known any more."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = written.items() if isinstance(written, dict) else ()
    return {str(name): str(each) for name, each in known if _is_within(str(name))}


def _is_within(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts
