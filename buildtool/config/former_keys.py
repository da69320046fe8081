"""Keys that an older version of this tool took: each says where it stands now."""

from __future__ import annotations

from collections.abc import Mapping

# By the whole name; empty: nowhere.
FORMER_KEYS: Mapping[str, str] = {
    "bitcode": "ios.bitcode",
    "dependencies": "makefile.dependencies",
    "framework": "ios.framework",
    "link_style": "",
    "makefile.protos": "optimise.protos",
    "minimum_os": "ios.minimum_os",
    "protos": "optimise.protos",
}


def moved(key: str) -> tuple[str, str]:
    """What has become of a former key, and what to do."""
    if place := FORMER_KEYS[key]:
        return f"{key} is now {place}", f"write it under '{place.partition('.')[0]}:'"
    return f"{key} is no longer a key: it had only one value", "take it out, or see 'product'"
