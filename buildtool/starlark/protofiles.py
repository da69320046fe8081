"""Which protos a set of sources needs: found by following ``#include`` and ``import``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">]', re.MULTILINE)
_IMPORT = re.compile(rb'^[ \t]*import[ \t]+(?:public[ \t]+|weak[ \t]+)?"([^"\n]+)"', re.MULTILINE)
_GENERATED = re.compile(r"(?:\.grpc)?\.pb(?:_text)?(?:-impl)?\.h\Z|\.proto\.h\Z")


def proto_headers(tree: Path, paths: Iterable[str]) -> Mapping[str, str]:
    """Map each generated header that ``paths`` (relative to ``tree``) include, directly or
    through the tree's headers, to its proto, e.g. ``.../graph.pb.h`` to ``.../graph.proto``.

    Protos imported by those are included under their ``.pb.h``. Both branches of an ``#if`` count.
    Protos that are not files of the tree (``google/protobuf/...``) are left out.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            data = (tree / path).read_bytes()
        except OSError:
            continue
        pattern = _IMPORT if path.endswith(".proto") else _INCLUDE
        names = {match.decode("utf-8", "replace") for match in pattern.findall(data)}
        waiting += [_follow(tree, name, found) for name in sorted(names)]
    return dict(sorted(found.items()))


def _follow(tree: Path, name: str, found: dict[str, str]) -> str:
    """Return the file to read next for an include or import, recording what is generated."""
    stem = name.removesuffix(".proto")
    if stem != name:
        if (tree / name).is_file():
            found.setdefault(f"{stem}.pb.h", name)
        return name
    stem = _GENERATED.sub("", name)
    if stem == name:
        return name
    proto = f"{stem}.proto"
    if (tree / proto).is_file():
        found[name] = proto
    return proto
