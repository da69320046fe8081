"""Finds a Bazel that a tree accepts: ``bazelisk``, ``bazel-X``, ``bazel``, or npm's package.

The version of a Bazel is checked before it is used. One that the tree does not accept is
skipped; if none is left, the error names what was found and how to get the right one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildtool.core.errors import BuildToolError, Problem, ToolError
from buildtool.core.own_files import stamp_of
from buildtool.core.render import write_if_changed
from buildtool.core.run import Command, program_state, run
from buildtool.sources.cache import Cache
from buildtool.sources.npm import npm_package
from buildtool.tools.bazel.versions import VersionRange, key, table

VARIABLE = "USE_BAZEL_VERSION"  # bazelisk's
SECONDS = 120
LEAST_SIZE = 15_000_000  # bytes; Bazel 0.17.2 has 90 million, bazelisk less than 10


@dataclass(frozen=True, kw_only=True)
class Bazel:
    """A Bazel that works: ``env`` is what it needs in its environment."""

    program: Path
    version: str
    env: Mapping[str, str] = field(default_factory=dict)


def find_bazel(
    wanted: VersionRange, *, cache: Cache, given: Path | None = None, offline: bool = False
) -> Bazel:
    """The first Bazel that ``wanted`` accepts; ``given`` is the one that a target names.

    Raises:
        ToolError: there is none; says which ones are here, and how to get the right one.
    """
    seen: list[str] = []
    programs = [given] if given else list(_on_path(wanted))
    for program in programs:
        env = {VARIABLE: best_version(wanted)} if program.name.startswith("bazelisk") else {}
        version = bazel_version(program, env, cache=cache)
        if version and wanted.accepts(version):
            return Bazel(program=program, version=version, env=env)
        seen.append(f"{program} is {version}" if version else f"{program} does not say its version")
    reason = ""
    if given is None and (version := npm_version(wanted)):
        try:
            program = npm_bazel(version, cache=cache, offline=offline)
            return Bazel(program=program, version=version)
        except BuildToolError as failure:
            reason = failure.problems[0].what
    raise ToolError(_problem(wanted, seen, given, reason))


def bazel_version(program: Path, env: Mapping[str, str], *, cache: Cache) -> str:
    """The version that a program says it is; empty if it is no Bazel or does not start. What one
    has said is kept for as long as its file is the same."""
    known = None if env else _remembered(program, cache)
    if known is not None and (version := stamp_of(known)):
        return version
    version = _version_said_by(program, env, cache)
    if version and known is not None:
        write_if_changed(known, version)
    return version


def _remembered(program: Path, cache: Cache) -> Path | None:
    """Where the version of a program is kept; None if there is no such program, or if it is too
    small to be Bazel itself: what starts another one may start a newer one next time."""
    real = program.resolve()
    if not real.is_file() or real.stat().st_size < LEAST_SIZE:
        return None
    digest = hashlib.sha256(program_state(real).encode()).hexdigest()
    return cache.folder("bazel") / f"version-{digest[:16]}"


def _version_said_by(program: Path, env: Mapping[str, str], cache: Cache) -> str:
    """What the program says. ``--version`` starts no server, but releases before 0.29 do not have
    it."""
    base = cache.folder("bazel")
    slow = ("--batch", "--ignore_all_rc_files", f"--output_user_root={base}", "version")
    for words in (("--version",), slow):
        try:
            done = run(
                Command(argv=(str(program), *words), cwd=base, env=env),
                what=f"asking {program} for its version",
                check=False,
                timeout=SECONDS,
            )
        except BuildToolError:
            return ""
        match = re.search(r"^(?:bazel|Build label:) (\d+(?:\.\d+)+)", done.stdout, re.MULTILINE)
        if match:
            return match.group(1)
    return ""


def best_version(wanted: VersionRange) -> str:
    """The one release to ask for: the named one, else the newest allowed, else the oldest."""
    return wanted.exact or wanted.most or wanted.least


def npm_version(wanted: VersionRange) -> str:
    """The newest release of npm's package that the tree accepts; empty if there is none."""
    fitting = [str(each) for each in table()["npm"]["versions"] if wanted.accepts(str(each))]
    return max(fitting, key=key, default="")


def npm_bazel(version: str, *, cache: Cache, offline: bool = False) -> Path:
    """Bazel of this release from npm.

    Raises:
        ToolError: this machine is not what the package is for.
        DownloadError: it cannot be fetched.
    """
    facts = table()["npm"]
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        where = f"npm package {facts['package']}"
        raise ToolError(Problem(where=where, what="is for Linux on x86_64 only"))
    locked = str(facts["sha256"].get(version, ""))
    home = npm_package(facts["package"], version, cache=cache, sha256=locked, offline=offline)
    programs = sorted(home.glob("bazel-*-linux-x86_64"))
    if len(programs) != 1:
        raise ToolError(Problem(where=str(home), what="holds no Bazel"))
    if not os.access(programs[0], os.X_OK):
        programs[0].chmod(0o755)  # some releases of the package come without it
    return programs[0]


def _on_path(wanted: VersionRange) -> Iterator[Path]:
    best = best_version(wanted)
    for name in dict.fromkeys(("bazelisk", f"bazel-{best}", "bazel")):
        # Without a version bazelisk would take the newest there is.
        if (found := shutil.which(name)) and (best or name != "bazelisk"):
            yield Path(found)


def _problem(wanted: VersionRange, seen: list[str], given: Path | None, reason: str) -> Problem:
    said = f" ({', '.join(wanted.said_in)})" if wanted.said_in else ""
    here = "; ".join(seen) if seen else "there is no bazelisk and no bazel here"
    best = best_version(wanted)
    ways = [f"put bazelisk, which fetches it, or a bazel-{best} on PATH"]
    if version := npm_version(wanted):
        ways.append(f"install npm: its package {table()['npm']['package']}@{version} is used then")
    if given is not None:
        ways = [f"set 'bazel.version' to {wanted}, or leave it out"]
    return Problem(
        where="Bazel",
        what=f"this tree wants {wanted}{said}; {here}" + (f"; {reason}" if reason else ""),
        todo=", or ".join(ways),
    )
