"""How Bazel learns where the SDK and the NDK are, for each generation of trees and Bazels.

- ``rules``: Bazel's own rules in WORKSPACE (TensorFlow up to 1.8).
- ``environment``: the tree's ``local_config_android`` asks the environment for it, and
  ``configure.py`` writes a ``.bazelrc`` that sets it (later trees).
- ``starlark``: Bazel's own rule for the SDK, rules_android_ndk for the NDK.
- ``module``: Bazel 8 and newer, which have no such rules: extensions in MODULE.bazel.

What users have declared themselves is taken, not overruled.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.plain_paths import plain
from buildtool.core.render import Renderer
from buildtool.tools.android import ndk_support as table
from buildtool.tools.android.compatibility import Kit, KitRequest
from buildtool.tools.bazel.workspace_file import Entry, entries, insert

MARK = "Android SDK and NDK"
CONFIGURE = "third_party/android/android_configure.bzl"
SDK_RULE, NDK_RULE = "android_sdk_repository", "android_ndk_repository"
SDK_TAG = "android_sdk_repository_extension.configure"
NDK_TAG = "android_ndk_repository_extension.configure"
RULES_NDK = "rules_android_ndk"

# Attributes of the rules, and the keys of a target that say the same.
_SDK_KEYS = {"path": "sdk", "api_level": "sdk_level", "build_tools_version": "build_tools_version"}
_NDK_KEYS = {"path": "ndk", "api_level": "api_level"}


class Generation(enum.Enum):
    """See the module's text."""

    RULES = "rules"
    ENVIRONMENT = "environment"
    STARLARK = "starlark"
    MODULE = "module"


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """What the user's file declares: entries for the SDK and for the NDK, None if there is none.
    ``has_rules``: it has a repository for rules_android_ndk."""

    sdk: Entry | None = None
    ndk: Entry | None = None
    has_rules: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Those that are there, to be reported."""
        return tuple(each for each in (self.sdk, self.ndk) if each is not None)


@dataclass(frozen=True, kw_only=True)
class WorkspaceEdit:
    """What Bazel gets: the new ``text`` of ``file``, and the variables that it gets with
    ``--action_env``; ``query`` must have them in its environment, as it takes no such flag.
    ``respected`` are the user's entries that were left as they are."""

    file: str
    text: str
    variables: Mapping[str, str] = field(default_factory=dict)
    respected: tuple[Entry, ...] = ()


def generation(tree: Path, *, bazel: str, starlark: bool) -> Generation:
    """How this tree learns it with this Bazel; ``starlark`` as in :class:`Kit`."""
    if not table.has_native_rules(bazel):
        return Generation.MODULE
    if starlark:
        return Generation.STARLARK
    return Generation.ENVIRONMENT if (tree / CONFIGURE).is_file() else Generation.RULES


def read_declared(text: str, *, path: str) -> Declarations:
    """What the user's WORKSPACE or MODULE.bazel declares; our own part of it does not count.

    Raises:
        ConfigError: it cannot be read, or declares one of them twice.
    """
    wanted = {SDK_RULE, NDK_RULE, SDK_TAG, NDK_TAG, "http_archive", "local_repository", "bazel_dep"}
    found = entries(text, wanted, path=path, own=MARK)
    return Declarations(
        sdk=_only(found, {SDK_RULE, SDK_TAG}),
        ndk=_only(found, {NDK_RULE, NDK_TAG}),
        has_rules=any(each.name == RULES_NDK for each in found),
    )


def with_declared(asked: KitRequest, declared: Declarations, problems: list[Problem]) -> KitRequest:
    """``asked`` with what the user's entries say, so that it is checked as well.

    Where the target says something else than an entry, or an entry has text for a number or the
    other way round, that is added to ``problems``, and the target's own value stays.
    """
    values: dict[str, object] = {}
    where = dict(asked.where)
    pairs = ((declared.sdk, _SDK_KEYS), (declared.ndk, _NDK_KEYS))
    for entry, keys in pairs:
        for attribute, key in keys.items():
            if entry is None or attribute not in entry.attributes:
                continue
            said: object = entry.attributes[attribute]
            said = Path(str(said)) if attribute == "path" else said
            own = getattr(asked, key)
            if isinstance(entry.attributes[attribute], int) != attribute.endswith("level"):
                problems.append(_wrong_kind(entry, attribute))
            elif own is not None and own != said:
                problems.append(_contradiction(asked, key, entry, attribute, own))
            else:
                values[key] = said
                where[key] = entry.where
    return dataclasses.replace(asked, **values, where=where)  # type: ignore[arg-type]


def place(
    text: str, kit: Kit, how: Generation, declared: Declarations, *, path: str
) -> WorkspaceEdit:
    """``text``, which is the user's WORKSPACE (MODULE.bazel for ``module``), with what Bazel must
    know of ``kit`` put into it, once. What the user declares is not declared again.

    Raises:
        ConfigError: our marks in it are broken.
    """
    sdk, ndk = declared.sdk is None, declared.ndk is None
    variables: Mapping[str, str] = {}
    if how is Generation.ENVIRONMENT:
        variables = _variables(kit, sdk=sdk, ndk=ndk)
        snippet = ""
    else:
        snippet = _snippet(kit, how, sdk=sdk, ndk=ndk, fetch=not declared.has_rules)
    return WorkspaceEdit(
        file="MODULE.bazel" if how is Generation.MODULE else "WORKSPACE",
        text=insert(text, snippet, MARK, path=path),
        variables=variables,
        respected=declared.entries,
    )


def _snippet(kit: Kit, how: Generation, *, sdk: bool, ndk: bool, fetch: bool) -> str:
    rules = table.rules()
    if how is Generation.MODULE:
        return _renderer().text(
            "android/MODULE.bazel.j2", kit=kit, sdk=sdk, ndk=ndk, versions=rules
        )
    archive = {
        "fetch": fetch,
        "sha256": rules["ndk_sha256"],
        "strip": rules["ndk_strip"],
        "url": rules["ndk_url"],
    }
    starlark = how is Generation.STARLARK and ndk
    return _renderer().text(
        "android/WORKSPACE.j2", kit=kit, sdk=sdk, ndk=ndk, rules=archive if starlark else None
    )


def _variables(kit: Kit, *, sdk: bool, ndk: bool) -> Mapping[str, str]:
    """What ``android_configure`` asks for. It writes the paths between quotes as they are, so that
    one with a quote or a backslash goes by another name."""
    values: dict[str, str] = {}
    if ndk:
        values["ANDROID_NDK_API_LEVEL"] = str(kit.api_level)
        values["ANDROID_NDK_HOME"] = _quotable(kit.ndk.root)
    if sdk:
        values["ANDROID_BUILD_TOOLS_VERSION"] = kit.build_tools_version
        values["ANDROID_SDK_API_LEVEL"] = str(kit.sdk_level)
        values["ANDROID_SDK_HOME"] = _quotable(kit.sdk.root)
    return dict(sorted(values.items()))


def _quotable(path: Path) -> str:
    return str(plain(path) if any(each in str(path) for each in '"\\\n\r') else path)


def _renderer() -> Renderer:
    """For text only: nothing is written to its folder."""
    return Renderer(Path())


def _only(found: Sequence[Entry], rules: Collection[str]) -> Entry | None:
    ours = [each for each in found if each.rule in rules]
    if len(ours) > 1:
        raise ConfigError(
            Problem(
                where=each.where,
                what=f"{each.rule} is declared again; the first time in {ours[0].where}",
                todo="leave only one of them",
            )
            for each in ours[1:]
        )
    return ours[0] if ours else None


def _wrong_kind(entry: Entry, attribute: str) -> Problem:
    kind = "a number" if attribute.endswith("level") else "text"
    return Problem(
        where=entry.where,
        what=f"{entry.rule}: {attribute} must be {kind}, not {entry.attributes[attribute]!r}",
        todo="mend that line; Bazel does not take it either",
    )


def _contradiction(
    asked: KitRequest, key: str, entry: Entry, attribute: str, own: object
) -> Problem:
    return Problem(
        where=asked.place(key),
        what=f"is {own}, but {entry.rule} in {entry.where} says "
        f"{attribute} = {entry.attributes[attribute]}",
        todo=f"leave out {key} in the target, or mend {entry.where}",
    )
