"""Do the SDK, the NDK, the target's keys, TensorFlow and Bazel fit together?

Bazel accepts an ``api_level`` or ``build_tools_version`` that does not exist, and an NDK that it
does not know. All of it is checked here first, and all mistakes are reported together.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, ToolError
from buildtool.core.values import Abi
from buildtool.core.version_numbers import numbers
from buildtool.tools.android import ndk_support as table
from buildtool.tools.android.android_sdk import Sdk, find_sdk
from buildtool.tools.android.ndk import FIRST_64_BIT_LEVEL, Ndk, find_ndk

DEFAULT_LEVEL = 21


@dataclass(frozen=True, kw_only=True)
class KitRequest:
    """What a target asks for; None is "find it out".

    ``api_level`` is the oldest Android that the library runs on, so the NDK's; ``sdk_level`` is
    the SDK's platform, which Java is compiled against. ``where`` says where each key was written
    (``targets/x.yaml:7``), by the key's name.
    """

    sdk: Path | None = None
    ndk: Path | None = None
    ndk_revision: str | None = None
    api_level: int | None = None
    sdk_level: int | None = None
    build_tools_version: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)

    def place(self, key: str) -> str:
        """Where a key was written, or its name."""
        return f"{self.where[key]}: {key}" if key in self.where else key


@dataclass(frozen=True, kw_only=True)
class Kit:
    """An SDK and an NDK that go together, and the values for Bazel's rules."""

    sdk: Sdk
    ndk: Ndk
    api_level: int
    sdk_level: int
    build_tools_version: str
    starlark: bool = False


def find_kit(
    asked: KitRequest,
    *,
    abis: Iterable[Abi],
    tree: Path,
    tensorflow: str,
    bazel: str,
    env: Mapping[str, str] | None = None,
) -> Kit:
    """Find SDK and NDK and check them against each other, the target, TensorFlow and Bazel.

    ``tensorflow`` and ``bazel`` are versions. ``Kit.starlark``: the NDK must be read by
    rules_android_ndk, because Bazel's own rule is gone or does not know it.

    Raises:
        ToolError: with everything that is wrong.
    """
    problems: list[Problem] = []
    sdk, ndk = _find_both(asked, env, problems)
    if sdk is not None:
        problems += sdk_problems(sdk, asked)
    if ndk is not None:
        problems += revision_problems(ndk, tree=tree, tensorflow=tensorflow, bazel=bazel)
        problems += level_problems(ndk, asked, abis)
        problems += revision_mismatch(ndk, asked)
    if problems or sdk is None or ndk is None:
        raise ToolError(problems)
    return Kit(
        sdk=sdk,
        ndk=ndk,
        api_level=asked.api_level or DEFAULT_LEVEL,
        sdk_level=asked.sdk_level or max(sdk.platforms),
        build_tools_version=asked.build_tools_version or list(sdk.build_tools)[-1],
        starlark=needs_starlark(ndk, bazel),
    )


def needs_starlark(ndk: Ndk, bazel: str) -> bool:
    """Whether only rules_android_ndk can read this NDK for this Bazel."""
    if not table.has_native_rules(bazel):
        return True
    return ndk.major >= table.starlark_oldest() and table.has_starlark_rules(bazel)


def sdk_problems(sdk: Sdk, asked: KitRequest) -> Iterator[Problem]:
    """What the target asks for and the SDK lacks."""
    named = str(sdk.named)
    if not sdk.platforms:
        yield Problem(
            where=named,
            what="no platform is installed: there is no platforms/android-*/android.jar",
            todo=f"sdkmanager 'platforms;android-28', or set {sdk.named.setting} to an SDK that "
            "has one",
        )
    elif asked.sdk_level is not None and asked.sdk_level not in sdk.platforms:
        yield Problem(
            where=asked.place("sdk_level"),
            what=f"platform {asked.sdk_level} is not installed in {sdk.root}; it has "
            f"{_listed(sdk.platforms)}",
            todo=f"set sdk_level to one of them, or sdkmanager 'platforms;android-"
            f"{asked.sdk_level}'",
        )
    wanted = asked.build_tools_version
    if wanted not in sdk.build_tools and (wanted is not None or not sdk.build_tools):
        yield _tools_problem(sdk, asked, named)


def _tools_problem(sdk: Sdk, asked: KitRequest, named: str) -> Problem:
    wanted = asked.build_tools_version
    odd = [each for each in sdk.odd_tools if wanted in {each.revision, None}]
    if odd:
        return Problem(
            where=named,
            what=f"build-tools {odd[0].revision} are in the folder {odd[0].version!r}, where "
            "Bazel does not look for a version",
            todo=f"ln -s {odd[0].version} {odd[0].folder.parent}/{odd[0].revision}",
        )
    if wanted is None:
        return Problem(
            where=named,
            what="no build-tools are installed",
            todo=f"sdkmanager 'build-tools;28.0.3', or set {sdk.named.setting} to an SDK that "
            "has some",
        )
    near = difflib.get_close_matches(wanted, sdk.build_tools, n=1, cutoff=0.0)
    return Problem(
        where=asked.place("build_tools_version"),
        what=f"build-tools {wanted} are not installed in {sdk.root}; it has "
        f"{_listed(sdk.build_tools)}",
        todo=(f"set build_tools_version: {near[0]}, or " if near else "")
        + f"sdkmanager 'build-tools;{wanted}'",
    )


def revision_problems(ndk: Ndk, *, tree: Path, tensorflow: str, bazel: str) -> Iterator[Problem]:
    """Why this NDK is not for this TensorFlow or this Bazel."""
    where = str(ndk.named)
    of_bazel = table.bazel_revisions(bazel)
    of_tree = table.tensorflow_revisions(tree, tensorflow)
    if needs_starlark(ndk, bazel):
        if ndk.major < table.starlark_oldest():
            yield Problem(
                where=where,
                what=f"NDK {ndk.revision} ({ndk.said_in.name}) is too old for Bazel {bazel}, "
                f"whose rules_android_ndk reads r{table.starlark_oldest()} and newer",
                todo=f"set {ndk.named.setting} to such an NDK, or take a Bazel before 8",
            )
        return
    if of_bazel.known and ndk.major not in of_bazel.revisions:
        yield Problem(
            where=where,
            what=f"NDK {ndk.revision} ({ndk.said_in.name}) is not known to {of_bazel.source}, "
            f"which would take it for r{of_bazel.revisions[-1]} without an error",
            todo=f"set {ndk.named.setting} to an NDK that both can use: "
            f"{_both(of_bazel, of_tree)}"
            + (
                f" (Bazel {table.starlark_bazel()} and newer can read this one)"
                if ndk.major >= table.starlark_oldest()
                else ""
            ),
        )
    elif of_tree.known and ndk.major not in of_tree.revisions:
        yield Problem(
            where=where,
            what=f"NDK {ndk.revision} ({ndk.said_in.name}) is not for this TensorFlow, which is "
            f"for {of_tree} ({of_tree.source})",
            todo=f"set {ndk.named.setting} to an NDK that both can use: {_both(of_bazel, of_tree)}",
        )


def level_problems(ndk: Ndk, asked: KitRequest, abis: Iterable[Abi]) -> Iterator[Problem]:
    """Why the library cannot be compiled for the API level that the target asks for."""
    level = asked.api_level or DEFAULT_LEVEL
    wide = sorted(abi.name for abi in abis if abi.bits == 64)
    place = asked.place("api_level")
    if level < table.least_level():
        yield Problem(
            where=place,
            what=f"TensorFlow compiles for API level {table.least_level()} and newer, not {level}",
            todo=_mixed_up(level, ndk) or f"set api_level: {table.least_level()} or more",
        )
    elif ndk.levels and level not in ndk.levels:
        below = [each for each in ndk.levels if each < level]
        nearest = below[-1] if below else ndk.levels[0]
        yield Problem(
            where=place,
            what=f"NDK {ndk.revision} has no API level {level}; it has {_listed(ndk.levels)}. "
            "Bazel would take another one without an error",
            todo=_mixed_up(level, ndk) or f"set api_level: {nearest}",
        )
    elif wide and level < FIRST_64_BIT_LEVEL:
        yield Problem(
            where=place,
            what=f"{' and '.join(wide)} exist since API level {FIRST_64_BIT_LEVEL}; "
            f"the target says {level}",
            todo=f"set api_level: {FIRST_64_BIT_LEVEL}, or leave out these ABIs",
        )
    if not ndk.has_platforms and not ndk.levels and ndk.major < 22:
        yield Problem(
            where=str(ndk.named),
            what="is incomplete: there is no platforms/ in it",
            todo="unpack the NDK again",
        )


def revision_mismatch(ndk: Ndk, asked: KitRequest) -> Iterator[Problem]:
    """An NDK of another revision than the target names."""
    wanted = asked.ndk_revision
    if wanted is not None and numbers(ndk.revision)[: len(numbers(wanted))] != numbers(wanted):
        yield Problem(
            where=asked.place("ndk_revision"),
            what=f"is {wanted}, but {ndk.named} is NDK {ndk.revision} ({ndk.said_in.name})",
            todo=f"set {ndk.named.setting} to an NDK of that revision, or leave the key out",
        )


def _mixed_up(level: int, ndk: Ndk) -> str:
    """A revision written where a level should be: a mistake that TensorFlow's own configure.py
    made as well."""
    if level != ndk.major:
        return ""
    return f"{level} is the NDK's revision; api_level is Android's, e.g. {DEFAULT_LEVEL}"


def _both(first: table.Revisions, second: table.Revisions) -> str:
    sets = [set(each.revisions) for each in (first, second) if each.known]
    common = tuple(sorted(set.intersection(*sets))) if sets else ()
    if not common:
        return "none works with both this Bazel and this TensorFlow"
    return str(table.Revisions(revisions=common, source=""))


def _find_both(
    asked: KitRequest, env: Mapping[str, str] | None, problems: list[Problem]
) -> tuple[Sdk | None, Ndk | None]:
    sdk: Sdk | None = None
    ndk: Ndk | None = None
    try:
        sdk = find_sdk(asked.sdk, where=asked.where.get("sdk", ""), env=env)
    except BuildToolError as failure:
        problems += failure.problems
    try:
        ndk = find_ndk(asked.ndk, where=asked.where.get("ndk", ""), sdk=sdk, env=env)
    except BuildToolError as failure:
        problems += failure.problems
    return sdk, ndk


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(each) for each in values)
