"""The SDK and the NDK that a user has given to TensorFlow's ``configure``.

It writes ``build --action_env ANDROID_NDK_HOME="/..."`` and the like into
``.tf_configure.bazelrc``, which ``.bazelrc`` imports (``configure.py`` of 1.9 to 2.14).
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.tools.android.compatibility import KitRequest
from buildtool.tools.bazel.tree_files import CONFIGURED_RC, RC

FILES = (CONFIGURED_RC, RC)
# The variables of android_configure.bzl, and the keys of a target that say the same.
KEYS = {
    "ANDROID_BUILD_TOOLS_VERSION": "build_tools_version",
    "ANDROID_NDK_API_LEVEL": "api_level",
    "ANDROID_NDK_HOME": "ndk",
    "ANDROID_SDK_API_LEVEL": "sdk_level",
    "ANDROID_SDK_HOME": "sdk",
}
_SETTING = re.compile(r"--(?:action|repo)_env(?:=|\s+)(.*)")


@dataclass(frozen=True, kw_only=True)
class ConfiguredVariable:
    """A variable that a file sets: ``where`` is ``file:line``."""

    name: str
    value: str
    where: str


def read_configured(tree: Path) -> Mapping[str, ConfiguredVariable]:
    """The variables of Android's that the tree's files set, by name; the last one counts."""
    found: dict[str, ConfiguredVariable] = {}
    for file in FILES:
        path = tree / file
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            for each in _settings(text, str(path)):
                found.setdefault(each.name, each)
    return found


def with_configured(
    asked: KitRequest, configured: Mapping[str, ConfiguredVariable], problems: list[Problem]
) -> KitRequest:
    """``asked`` with what the user's files say, so that it is checked as well.

    Where the target says something else, or a number is none, that is added to ``problems``, and
    the target's own value stays.
    """
    values: dict[str, object] = {}
    where = dict(asked.where)
    for name, each in configured.items():
        key = KEYS[name]
        said = _value(key, each.value)
        own = getattr(asked, key)
        if said is None:
            what = f"{name} is {each.value!r}, which is not a number"
            problems.append(Problem(where=each.where, what=what, todo="run ./configure again"))
        elif own is not None and own != said:
            problems.append(
                Problem(
                    where=asked.place(key),
                    what=f"is {own}, but {each.where} says {name}={each.value}",
                    todo=f"leave out {key} in the target, or run the tree's ./configure again",
                )
            )
        else:
            values[key] = said
            where[key] = each.where
    return dataclasses.replace(asked, **values, where=where)  # type: ignore[arg-type]


def _settings(text: str, path: str) -> Iterator[ConfiguredVariable]:
    """Later lines first: Bazel takes the last."""
    for number, line in reversed(list(enumerate(text.splitlines(), start=1))):
        match = _SETTING.search(line)
        if not match or line.lstrip().startswith("#"):
            continue
        try:
            words = shlex.split(match.group(1), comments=True)
        except ValueError:
            continue  # Bazel will say what is wrong with this line
        name, equals, value = (words[0] if words else "").partition("=")
        if equals and name in KEYS:
            yield ConfiguredVariable(name=name, value=value, where=f"{path}:{number}")


def _value(key: str, text: str) -> object:
    """The value in the type that the key has; None for what should be a number and is none."""
    if key in {"sdk", "ndk"}:
        return Path(text)
    if key == "build_tools_version":
        return text
    return int(text) if text.isdecimal() else None
