"""What a build with Bazel needs besides the tree: Bazel itself, the SDK, the NDK, a JDK."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.bazel.labels import find_labels
from buildtool.config import Target
from buildtool.core.errors import Attempts, ConfigError, Problem, ToolError
from buildtool.core.values import Tool
from buildtool.sources import Cache
from buildtool.tools.android.bazel_rules import (
    Declarations,
    Generation,
    WorkspaceEdit,
    generation,
    place,
    read_declared,
    with_declared,
)
from buildtool.tools.android.compatibility import Kit, KitRequest, find_kit
from buildtool.tools.android.configured import ConfiguredVariable, read_configured, with_configured
from buildtool.tools.bazel.finder import VARIABLE, Bazel, best_version, find_bazel
from buildtool.tools.bazel.versions import VersionRange, wanted_bazel
from buildtool.tools.bazel.workspace_file import read_text
from buildtool.tools.helpers import Helper
from buildtool.tools.jdk import jdk_helper

TOOL = "bazel"
JAVA = {"java", "demo"}
_KEYS = ("sdk", "ndk", "ndk_revision", "api_level", "sdk_level", "build_tools_version")


@dataclass(frozen=True, kw_only=True)
class KitSettings:
    """The kit, and how Bazel learns of it: ``edit`` is the WORKSPACE with what it must know,
    ``configured`` what the user's ``configure`` has set already."""

    kit: Kit
    edit: WorkspaceEdit
    configured: Mapping[str, ConfiguredVariable]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """All of it, checked: ``labels`` are the targets to build, by the part's name."""

    bazel: Bazel
    labels: Mapping[str, str]
    settings: KitSettings

    @property
    def kit(self) -> Kit:
        """The SDK and the NDK."""
        return self.settings.kit

    @property
    def edit(self) -> WorkspaceEdit:
        """What Bazel gets of them."""
        return self.settings.edit

    @property
    def notes(self) -> list[str]:
        """What a report must say of it."""
        ndk = self.kit.ndk
        found = [
            f"Bazel {self.bazel.version}; NDK {ndk.revision}, API level {self.kit.api_level}; SDK "
            f"platform {self.kit.sdk_level}, build-tools {self.kit.build_tools_version}"
        ]
        if ndk.stands_in:
            found.append(
                f"this is not an Android NDK ({ndk.description}): "
                "what it makes does not run on a device"
            )
        own = self.edit.respected
        found += [f"{each.rule} is the tree's own, in {Path(each.where).name}" for each in own]
        if self.settings.configured:
            names = ", ".join(sorted(self.settings.configured))
            found.append(f"what ./configure has written is used as it is: {names}")
        return found


def find_setup(job: Job) -> Setup:
    """Find everything and check it against each other.

    Raises:
        BuildToolError: with all that is missing or does not fit. A mistake in the target counts
            as one, even where tools are missing as well.
    """
    attempt = Attempts()
    labels = attempt(lambda: find_labels(job.target, job.tree.path))
    wanted = attempt(lambda: _bazel_range(job)) or wanted_bazel(job.tree.path)
    bazel = attempt(lambda: _bazel(job, wanted))
    version = bazel.version if bazel else best_version(wanted)
    told = _kit_settings(job, version, attempt)
    attempt(lambda: _check_java(job.target))
    if bazel is None or told is None or labels is None or attempt.failures:
        raise attempt.failure()
    return Setup(bazel=bazel, labels=labels, settings=told)


def _kit_settings(job: Job, bazel: str, attempt: Attempts) -> KitSettings | None:
    """The kit, and how this release of Bazel learns of it. None if something is wrong, which is
    then among the failures of ``attempt``."""
    tree, configured = job.tree.path, read_configured(job.tree.path)
    modules = generation(tree, bazel=bazel, starlark=False) is Generation.MODULE
    path = tree / ("MODULE.bazel" if modules else "WORKSPACE")
    read = attempt(lambda: _declared(path))
    if read is None:  # which SDK and NDK it names is not known
        return None
    text, declared = read
    problems: list[Problem] = []
    asked = with_declared(_kit_request(job.target), declared, problems)
    asked = with_configured(asked, configured, problems)
    if problems:
        attempt.failures.append(ConfigError(problems))
    kit = attempt(lambda: _kit(job, asked, bazel))
    if kit is None:
        return None
    how = generation(tree, bazel=bazel, starlark=kit.starlark)
    placed = place(text, kit, how, declared, path=str(path))
    used = configured if how is Generation.ENVIRONMENT else {}
    variables = {name: each for name, each in placed.variables.items() if name not in used}
    return KitSettings(
        kit=kit, edit=dataclasses.replace(placed, variables=variables), configured=used
    )


def _declared(path: Path) -> tuple[str, Declarations]:
    """The text of the user's file, empty if there is none, and what it declares."""
    text = read_text(path, newline="") if path.is_file() else ""
    return text, read_declared(text, path=str(path))


def _kit_request(target: Target) -> KitRequest:
    android = target.android
    written = {
        key: target.where(f"android.{key}") for key in _KEYS if getattr(android, key) is not None
    }
    return KitRequest(
        sdk=android.sdk,
        ndk=android.ndk,
        ndk_revision=android.ndk_revision,
        api_level=android.api_level,
        sdk_level=android.sdk_level,
        build_tools_version=android.build_tools_version,
        where=written,
    )


def _bazel_range(job: Job) -> VersionRange:
    """What the tree says, and of that what the target says."""
    target, tree = job.target, job.tree
    wanted = wanted_bazel(tree.path, tensorflow=tree.version)
    named = target.bazel.version
    if named is None:
        return wanted
    if not wanted.accepts(named):
        raise ConfigError(
            Problem(
                where=target.where("bazel.version"),
                what=f"bazel.version: this tree wants {wanted} ({', '.join(wanted.said_in)}), not "
                f"{named}",
                todo="leave the key out, or name such a release",
            )
        )
    return VersionRange(exact=named, said_in=(target.where("bazel.version"),))


def _bazel(job: Job, wanted: VersionRange) -> Bazel:
    """The one that was found already, or the first that will do."""
    known = job.toolchain.extra.get(TOOL)
    if known is not None:
        lisk = known.path.name.startswith("bazelisk")
        env = {VARIABLE: best_version(wanted)} if lisk else {}
        return Bazel(program=known.path, version=known.version, env=env)
    return find_bazel(wanted, cache=job.cache, given=job.target.bazel.program, offline=job.offline)


def setup_helpers(target: Target) -> tuple[Helper, ...]:
    """Bazel as the tree wants it, and the JDK if the target has parts in Java. The SDK and the NDK
    are not among them: which ones fit, the tree's WORKSPACE decides."""
    tree = target.tensorflow

    def find() -> Tool:
        wanted = wanted_bazel(tree) if isinstance(tree, Path) else VersionRange()
        cache, given = Cache.of_user(), target.bazel.program
        bazel = find_bazel(wanted, cache=cache, given=given, offline=True)
        return Tool(name=TOOL, path=bazel.program, version=bazel.version)

    java = (jdk_helper(),) if JAVA.intersection(target.android.build) else ()
    return (Helper(name="Bazel", find=find), *java)


def with_setup(job: Job, setup: Setup) -> Job:
    """The job with Bazel among its tools, so that it is looked for once, and the SDK."""
    tool = Tool(name=TOOL, path=setup.bazel.program, version=setup.bazel.version)
    extra = {**job.toolchain.extra, TOOL: tool}
    chain = dataclasses.replace(job.toolchain, extra=extra, sysroot=setup.kit.sdk.root)
    return dataclasses.replace(job, toolchain=chain)


def _kit(job: Job, asked: KitRequest, bazel: str) -> Kit:
    return find_kit(
        asked,
        abis=(job.abi,),
        tree=job.tree.path,
        tensorflow=job.tree.version,
        bazel=bazel,
    )


def _check_java(target: Target) -> None:
    """Java is compiled by a JDK."""
    named = os.environ.get("JAVA_HOME", "").strip()
    there = Path(named, "bin/javac").is_file() if named else shutil.which("javac") is not None
    wanted = sorted(JAVA.intersection(target.android.build))
    if wanted and not there:
        raise ToolError(
            Problem(
                where=f"JAVA_HOME={named}" if named else "Java",
                what=(
                    "holds no javac"
                    if named
                    else "there is no javac here, and JAVA_HOME is not set"
                )
                + f"; {' and '.join(wanted)} of 'android.build' needs a JDK",
                todo="on Debian or Ubuntu: apt-get install default-jdk-headless; or leave "
                f"{' and '.join(wanted)} out of android.build",
            )
        )
