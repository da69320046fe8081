"""Which files of the tree's own library for Android are compiled.

The library is made of groups of kernels, of all files that register ops, and of the runtime. Of
the groups only those files are left that the models need; the rest is compiled as the tree has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildtool.backends.bazel.trimming import SOURCES, TrimmedBuildFile, trim_groups
from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.fingerprint import SYMBOL
from buildtool.core.values import BuildPlan
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.starlark.build_values import build_file
from buildtool.starlark.buildfiles import BuildGraph
from buildtool.tools.bazel.workspace_file import read_text

KERNELS = "tensorflow/core/kernels"
BUILD = f"{KERNELS}/BUILD"
OF_GPUS = ("_gpu.cc", ".cu.cc")
_INCLUDE = re.compile(rf'^\s*#\s*include\s+"({KERNELS}/[^"]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """What a generation of trees calls its library for small devices: ``runtime`` without kernels,
    ``whole`` with them; ``kernels`` is the library of ``groups``."""

    runtime: str
    whole: str
    kernels: str
    groups: tuple[str, ...]


def _flavour(prefix: str) -> Flavour:
    groups = (
        "core_ops",
        "extended_ops_group1",
        "extended_ops_group2",
        "extended_ops_headers",  # which has a source, too (2.14)
        "quantized_ops",
    )
    return Flavour(
        runtime=f"//tensorflow/core:{prefix}tensorflow_lib_lite",
        whole=f"//tensorflow/core:{prefix}tensorflow_lib",
        kernels=f"//{KERNELS}:{prefix}tensorflow_kernels",
        groups=tuple(f"{prefix}{group}" for group in groups),
    )


# tensorflow/core/BUILD and tensorflow/core/kernels/BUILD of 1.0 to 1.12, and of 2.14.
FLAVOURS = (_flavour("android_"), _flavour("portable_"))


def find_flavour(graph: BuildGraph) -> Flavour:
    """The one that the tree has.

    Raises:
        ConfigError: it has none.
    """
    found = [each for each in FLAVOURS if graph.target(each.whole) is not None]
    if not found:
        raise ConfigError(
            Problem(
                where=str(graph.tree / "tensorflow/core/BUILD"),
                what="has no library for small devices: none of "
                + ", ".join(each.whole for each in FLAVOURS),
                todo="name a whole tree of TensorFlow 1.x or 2.x",
            )
        )
    return found[-1]


def trims(target: Target) -> bool:
    """Whether files are taken out of the groups, and others put in."""
    return target.file_list != "stock" and target.registration == "selective"


def groups_of(graph: BuildGraph, flavour: Flavour) -> tuple[str, ...]:
    """The groups that this tree has."""
    names = graph.package(KERNELS).targets
    return tuple(name for name in flavour.groups if name in names)


def grouped(graph: BuildGraph, flavour: Flavour) -> frozenset[str]:
    """All files of the groups, headers among them."""
    labels = [f"//{KERNELS}:{name}" for name in groups_of(graph, flavour)]
    return frozenset(path for label in labels for path in graph.filegroup(label))


def needed_kernels(
    graph: BuildGraph, flavour: Flavour, kernel_files: Sequence[str], registering: Collection[str]
) -> set[str]:
    """The files of kernels to compile: ``kernel_files``, which register what is needed, and what
    they need, as the tree's BUILD files say. Of the latter, those that register something
    (``registering``) would register nothing that is selected."""
    there = grouped(graph, flavour)
    outside = [path for path in kernel_files if path not in there]
    # The tree itself does without other files for what its groups have.
    helpers = _helpers(graph, flavour, kernel_files) & there | {
        path for path in _helpers(graph, flavour, outside) if not path.endswith(OF_GPUS)
    }
    return needed_of(graph, flavour, {*kernel_files, *(helpers - set(registering))})


def _helpers(graph: BuildGraph, flavour: Flavour, kernel_files: Sequence[str]) -> set[str]:
    """What the libraries of these files need, but for the tree's library for small devices, which
    has all files in one."""
    owners = {label for path in kernel_files for label in graph.nearest_owners(path)}
    closure = graph.closure(owners - {flavour.kernels, flavour.runtime, flavour.whole})
    return set(closure.files)


def needed_of(graph: BuildGraph, flavour: Flavour, files: Iterable[str]) -> set[str]:
    """Those of ``files`` that the groups must name."""
    runtime = graph.target(flavour.runtime)
    compiled = graph.sources(runtime) if runtime is not None else set()
    named = grouped(graph, flavour)
    return {
        path
        for path in files
        if (path.startswith(f"{KERNELS}/") or path in named)
        and path.endswith(SOURCES)
        and path not in compiled
    }


def trimmed_build(
    plan: BuildPlan, graph: BuildGraph, flavour: Flavour, learnt: Collection[str] = ()
) -> TrimmedBuildFile:
    """The BUILD file of the kernels, with groups of the plan's files alone, of those that an
    earlier link was found to lack (``learnt``), and of the fingerprint.

    Raises:
        ConfigError: a file that is needed stands where the groups cannot name it; all of them.
    """
    tree = graph.tree
    files = {*learnt, *(file.path for file in plan.files if file.root == TENSORFLOW)}
    keep, there = needed_of(graph, flavour, files), grouped(graph, flavour)
    _check_places(tree, keep - there)
    own = {path for path in keep if _package(tree, path) == KERNELS}
    names = {path.removeprefix(f"{KERNELS}/") for path in own | _headers(tree, own - there, there)}
    taken, left = _of_others(graph, flavour, files)
    return trim_groups(
        read_text(tree / BUILD),
        groups_of(graph, flavour),
        {*names, f"{SYMBOL}.cc", *(label for label in taken if label.endswith(SOURCES))},
        path=str(tree / BUILD),
        drop=left,
    )


def _of_others(
    graph: BuildGraph, flavour: Flavour, files: Collection[str]
) -> tuple[set[str], set[str]]:
    """The labels by which the groups take sources of other packages: those that have one of
    ``files``, and those that have none, in each way in which a label can be written."""
    taken: set[str] = set()
    left: set[str] = set()
    for name in groups_of(graph, flavour):
        target = graph.target(f"//{KERNELS}:{name}")
        for label in target.srcs if target is not None else ():
            package, _, inner = label[2:].partition(":")
            if label.startswith("@") or package == KERNELS:
                continue
            sources = {path for path in graph.filegroup(label) if path.endswith(SOURCES)}
            if sources:
                chosen = taken if sources.intersection(files) else left
                chosen.add(label)
                if package.rpartition("/")[2] == inner:
                    chosen.add(f"//{package}")
    return taken, left


def _check_places(tree: Path, added: Iterable[str]) -> None:
    """A file in a package of its own cannot be named by another one.

    Raises:
        ConfigError: there are such; all of them.
    """
    inner = [path for path in sorted(added) if _package(tree, path) != KERNELS]
    if inner:
        raise ConfigError(
            Problem(
                where=path,
                what="is needed, but is not in the tree's library for Android: it belongs to the "
                f"package //{_package(tree, path)}",
                todo="leave out what needs it, or add a target of that package to the library",
            )
            for path in inner
        )


def _package(tree: Path, path: str) -> str:
    return next(
        str(parent) for parent in Path(path).parents if build_file(tree, str(parent)) is not None
    )


def _headers(tree: Path, added: Iterable[str], there: Collection[str]) -> set[str]:
    """The headers of kernels that files outside of the groups include, which Bazel must know."""
    found: set[str] = set()
    work = sorted(added)
    while work:
        path = tree / work.pop()
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        fresh = {name for name in _INCLUDE.findall(text) if name not in found}
        found |= fresh
        work.extend(fresh)
    return {name for name in found if name not in there}
