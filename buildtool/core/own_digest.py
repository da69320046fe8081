"""Which state of this tool is it?"""

from __future__ import annotations

import functools
import hashlib

from buildtool.core.paths import JAVA, MACHORUN, PACKAGE, RUNNERS, TEMPLATES

OWN_FOLDERS = (PACKAGE, MACHORUN, TEMPLATES, RUNNERS, JAVA)
# Files in them that decide nothing; nor do tests.
OTHERS = (".md", ".pyc")


@functools.cache
def tool_digest() -> str:
    """The tool's own code, templates and data: a new version builds anew."""
    digest = hashlib.sha256()
    for folder in OWN_FOLDERS:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder.parent)
            if path.is_file() and path.suffix not in OTHERS and "tests" not in name.parts:
                digest.update(f"{name}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
