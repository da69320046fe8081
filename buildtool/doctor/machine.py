"""What every target needs of a machine: Python packages, room, memory, and a way to the sources."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from buildtool.core.errors import Attempts, BuildToolError, Problem, ToolError
from buildtool.core.release import DISTRIBUTION
from buildtool.core.run import ANSWER, Command, run
from buildtool.core.version_numbers import numbers
from buildtool.doctor.finding import Finding, State, lacking
from buildtool.sources import Cache
from buildtool.sources.pip_settings import pip_settings
from buildtool.tools.parallel import BYTES_PER_JOB, free_memory

# A build for a Raspberry Pi takes 200 MB in its folder, and up to 1 GB in the cache.
LEAST_FREE = 1_500_000_000
_REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:\(?>=\s*([\d.]+))?")
# What pyproject.toml calls this tool.
_TODO = "start ./doitw, which installs the packages into .venv; or install this one again with pip"
_IMPORT = """
import json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = {"file": getattr(__import__(name), "__file__", None) or ""}
    except BaseException as failure:
        found[name] = {"failure": " ".join(str(failure).split()) or type(failure).__name__}
print(json.dumps(found))
"""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def python_packages() -> Iterator[Finding]:
    """The Python that runs us, and the packages that this tool needs: each is imported."""
    version = platform.python_version()
    yield Finding(name="Python", state=State.OK, where=sys.executable, version=version)
    attempt = Attempts()
    required = attempt(_required) or []
    modules = _modules_by_package()
    names = {name: modules.get(_normal(name), "") for name, _ in required}
    tried = _imported([name for name in names.values() if name])
    for name, least in required:
        one = functools.partial(_package, name, least, tried.get(names[name], {}))
        if (found := attempt(one)) is not None:
            yield found
    for failure in attempt.failures:
        yield from lacking("Python package", failure)


def _required() -> list[tuple[str, str]]:
    """The packages that this one needs, as its installer has noted them, each with the oldest
    version that will do.

    Raises:
        ToolError: it was not installed.
    """
    try:
        named = importlib.metadata.requires(DISTRIBUTION) or ()
    except importlib.metadata.PackageNotFoundError:
        what = f"{DISTRIBUTION} itself is not installed here: what it needs is not known"
        raise ToolError(Problem(where=sys.executable, what=what, todo=_TODO)) from None
    found = (_REQUIREMENT.match(each) for each in named if "extra ==" not in each)
    return [(match[1], match[2] or "") for match in found if match]


def _modules_by_package() -> Mapping[str, str]:
    """The first module of each installed package that is no private one."""
    found: dict[str, str] = {}
    for module, packages in sorted(importlib.metadata.packages_distributions().items()):
        for package in packages:
            if not module.startswith("_"):
                found.setdefault(_normal(package), module)
    return found


def _imported(modules: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Where each module is, or why it cannot be imported: found out by a Python of its own."""
    command = Command(argv=(sys.executable, "-I", "-c", _IMPORT, *modules))
    done = run(command, what="importing packages", timeout=ANSWER, error=ToolError)
    found: Mapping[str, Mapping[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(name: str, least: str, tried: Mapping[str, str]) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        what = f"{name} is not installed"
        raise ToolError(Problem(where=sys.executable, what=what, todo=_TODO)) from None
    if failure := tried.get("failure"):
        what = f"{name} {version} cannot be imported: {failure}"
        raise ToolError(Problem(where=sys.executable, what=what, todo=_TODO))
    if numbers(version) < numbers(least):
        what = f"{name} {version} is too old: {least} or newer is needed"
        raise ToolError(Problem(where=sys.executable, what=what, todo=_TODO))
    where = tried.get("file", "")
    return Finding(name=f"Python package {name}", state=State.OK, where=where, version=version)


def room(folders: Mapping[str, Path]) -> Iterator[Finding]:
    """Free bytes where things are written, by what is written there; and whether they can be."""
    for name, folder in folders.items():
        there = next(path for path in (folder, *folder.parents) if path.is_dir())
        free = shutil.disk_usage(there).free
        told = f"{free / 1e9:.1f} GB free"
        if not os.access(there, os.W_OK | os.X_OK):
            yield Finding(
                name=name,
                state=State.MISSING,
                where=str(folder),
                version="cannot be written",
                todo="mend its permissions, or name another folder",
            )
        elif free < LEAST_FREE:
            yield Finding(
                name=name,
                state=State.LACKING,
                where=str(folder),
                version=told,
                todo=f"a first build takes up to {LEAST_FREE / 1e9:.1f} GB: free some space",
            )
        else:
            yield Finding(name=name, state=State.OK, where=str(folder), version=told)


def memory(jobs: int) -> Finding:
    """Memory that nobody uses, and how many compilers would run at once."""
    available, cores = free_memory(), len(os.sched_getaffinity(0))
    told = f"{available / 1e9:.1f} GB free, {cores} cores: {jobs} compilers at once"
    short = available < BYTES_PER_JOB
    return Finding(
        name="memory",
        state=State.LACKING if short else State.OK,
        version=told,
        todo=f"a compiler can take {BYTES_PER_JOB / 1e9:.1f} GB: end other programs"
        if short
        else "",
    )


def network() -> Iterator[Finding]:
    """Proxies and the package index, as they are set; nothing is asked for."""
    for variable in (name for each in _PROXIES for name in (each, each.upper())):
        if value := os.environ.get(variable, ""):
            yield Finding(name="proxy", state=State.TOLD, where=variable, version=_bare(value))
    try:
        settings = pip_settings()
    except BuildToolError as failure:
        yield from lacking(
            "package index", failure, without="sources that only an index has cannot be fetched"
        )
        return
    for index in settings.indexes:
        yield Finding(name="package index", state=State.TOLD, version=_bare(index))


def _bare(url: str) -> str:
    """A URL without the password that may be in it."""
    try:
        parts = urlsplit(url)
        secret = parts.username or parts.password
    except ValueError:
        return "(not a URL)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if secret else url


def sources(
    names: Collection[str], absent: Collection[str], *, cache: Cache, offline: bool, target: str
) -> Finding:
    """Which of the sources that a target needs are in the cache; ``absent`` are not."""
    told = f"{len(names) - len(absent)} of {len(names)} sources are here"
    if not absent:
        state, todo = State.OK, ""
    else:
        told += f", not {', '.join(sorted(absent))}"
        state = State.MISSING if offline else State.TOLD
        todo = "the next build downloads them" if not offline else "run it once without offline=1"
    where = str(cache.root)
    return Finding(
        name="sources", state=state, where=where, version=told, todo=todo, targets=(target,)
    )
