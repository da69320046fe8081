"""Bazel's flags: how the library is compiled, and where Bazel works.

All of them are on the command line, after those of the user's own ``.bazelrc``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtool.backends.backend import Job
from buildtool.backends.bazel.setup import Setup
from buildtool.backends.common.flags import CUT_TYPE_DEFINES, SECTIONS
from buildtool.backends.common.size_choices import size_choices
from buildtool.config import Target
from buildtool.core.values import Abi
from buildtool.plan.eight_bit import eight_bit_defines
from buildtool.plan.selecting_macros import SELECTIVE
from buildtool.tools.bazel.events import FLAG as ALL_ACTIONS
from buildtool.tools.bazel.release_flags import flags
from buildtool.tools.bazel.tree_files import OLD_RC, RC
from buildtool.tools.bazel.versions import key
from buildtool.tools.parallel import parallel_jobs

# What the NDK's compilers set by themselves under "-c opt", with which this is built.
OPTIMISED = "NDEBUG"
# One library has all of TensorFlow: no second one is asked for at run time.
MONOLITHIC = "framework_shared_object=false"
# Names of settings in TensorFlow's own .bazelrc (tools/bazel.rc before 1.12).
CONFIGS = {
    "arm64-v8a": "android_arm64",
    "armeabi-v7a": "android_arm",
    "x86": "android_x86",
    "x86_64": "android_x86_64",
}
# What an executor is to run, whatever the tree's own settings say.
REMOTE_KINDS = ("spawn_strategy", "genrule_strategy", "strategy=CppCompile")
# An analysis is over before Java's second compiler has earned its time: 7.4 s for TensorFlow 1.8
# in place of 11.3 (0.17.2). Newer releases bring newer Javas, with which it was not measured.
QUICK_START = ("--host_jvm_args=-XX:TieredStopAtLevel=1",)
# The keys of size that it can have its way with.
SIZE_KEYS = ("level",)
NEW_SERIES = "1.0.0"
IGNORES_OLD_RC = "0.18.0"  # release notes: the workspace's settings are %workspace%/.bazelrc


def own_defines(target: Target, abi: Abi, types: str) -> tuple[str, ...]:
    """The macros that the tree's BUILD files do not set themselves, sorted."""
    selecting = (SELECTIVE,) if target.registration == "selective" else ()
    eight_bit = eight_bit_defines(abi, target.defines)
    return tuple(sorted({*selecting, *CUT_TYPE_DEFINES[types], *eight_bit, *target.defines}))


def tree_defines(copts: Iterable[str]) -> tuple[str, ...]:
    """The macros among the flags of a BUILD file's target."""
    return tuple(flag[2:] for flag in copts if flag.startswith("-D"))


def compile_flags(target: Target) -> tuple[str, ...]:
    """Flags of every object, after the tree's own."""
    return (
        f"-{size_choices(target, SIZE_KEYS).level}",
        *SECTIONS,
        *target.cpu_flags,
        *target.flags.compile,
    )


def link_flags(target: Target) -> tuple[str, ...]:
    """Flags of the library's link besides the tree's own."""
    size = target.android.page_size
    return (f"-Wl,-z,max-page-size={size}",) if size else ()


def startup_flags(job: Job, setup: Setup, *, base: Path) -> tuple[str, ...]:
    """Words before the command."""
    tree, version = job.tree.path, setup.bazel.version
    rc = tree / OLD_RC
    needs_rc = rc.is_file() and key(version) >= key(IGNORES_OLD_RC) and not _imports(tree)
    return (
        # No server stays behind: each step is one call.
        "--batch",
        *(QUICK_START if key(version) < key(NEW_SERIES) else ()),
        f"--output_user_root={job.cache.folder('bazel')}",
        f"--output_base={base}",
        *((f"--bazelrc={OLD_RC}",) if needs_rc else ()),
        *job.target.bazel.startup,
    )


def build_flags(job: Job, setup: Setup, *, events: Path, link: Sequence[str]) -> tuple[str, ...]:
    """Words after ``build``, before the targets. ``link`` are the plan's flags for the link.

    Raises:
        ToolError: this Bazel has no flag for a setting of the target; all such settings.
    """
    target = job.target
    return (
        *("--compilation_mode=opt", *_platform(job), f"--define={MONOLITHIC}"),
        *(f"--copt=-D{each}" for each in own_defines(target, job.abi, target.types)),
        *(_last(each) for each in compile_flags(target)),
        *(f"--linkopt={each}" for each in link),
        *(f"--action_env={name}={value}" for name, value in setup.edit.variables.items()),
        *_places(job, setup, events),
        *("--symlink_prefix=/", "--color=no", "--curses=no", "--verbose_failures", ALL_ACTIONS),
        *target.bazel.flags,
    )


def _last(flag: str) -> str:
    """A compiler's flag after those of BUILD files, which come after ``--copt``: TensorFlow's say
    ``-O2`` for Android. A comma would begin another flag."""
    escaped = flag.replace(",", r"\,")
    return f"--per_file_copt=.*@{escaped}"


def _platform(job: Job) -> tuple[str, ...]:
    """The tree's own name for the ABI, or what such a name stands for."""
    config, abi = CONFIGS[job.abi.name], job.abi.name
    if any(re.search(rf"^build:{config}\s", text, re.MULTILINE) for text in _rcs(job.tree.path)):
        return (f"--config={config}",)
    return (
        "--crosstool_top=//external:android/crosstool",
        "--host_crosstool_top=@bazel_tools//tools/cpp:toolchain",
        f"--cpu={abi}",
        f"--fat_apk_cpu={abi}",
    )


def _places(job: Job, setup: Setup, events: Path) -> tuple[str, ...]:
    """How much at once, and where results are had from."""
    bazel = job.target.bazel
    settings: dict[str, str | int | None] = {
        "jobs": parallel_jobs(job.target.jobs),
        "memory": bazel.memory // 1_000_000 if bazel.memory else None,
        "disk_cache": str(bazel.disk_cache) if bazel.disk_cache else None,
        "http_cache": bazel.http_cache,
        "executor": bazel.executor,
        "instance": bazel.instance,
        "distfiles": str(bazel.distfiles) if bazel.distfiles else None,
        "events": str(events),
    }
    given = {name: value for name, value in settings.items() if value is not None}
    version = setup.bazel.version
    kinds = REMOTE_KINDS if bazel.executor else ()
    remote = [flag for kind in kinds for flag in flags(version, {"strategy": kind})]
    return (*flags(version, given), *remote)


def _rcs(tree: Path) -> list[str]:
    paths = [tree / RC, tree / OLD_RC]
    return [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()]


def _imports(tree: Path) -> bool:
    """Whether the user's settings read those of the tree."""
    path = tree / RC
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return re.search(rf"^\s*(try-)?import\s.*{re.escape(OLD_RC)}", text, re.MULTILINE) is not None
