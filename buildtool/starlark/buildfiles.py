"""Which source files belong together, as the TensorFlow tree's own BUILD files say.

The BUILD files are Starlark programs. They are evaluated, package by package and only where a
question leads there, with the tree's own macros at work: ``tf_kernel_library(prefix = ...)`` globs
the real folder, ``select()`` and the ``if_...`` helpers are settled by the ``config_setting``
targets of the tree under given :class:`BuildConditions`. What comes out is a graph of targets,
which is asked for the owners of a file, for all that a target needs to link, and for what the
mobile flavour of TensorFlow is made of.

The graph is a generous bound: it names every file that may be needed. Which of them really are is
for the symbols of compiled objects to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from buildtool.starlark.build_graph import BuildGraph
from buildtool.starlark.closure import SOURCE_SUFFIXES, Closure
from buildtool.starlark.conditions import (
    BuildConditions,
    android_conditions,
    mobile_conditions,
)
from buildtool.starlark.graph_cache import PackageStore

__all__ = [
    "BuildConditions",
    "BuildGraph",
    "Candidate",
    "Closure",
    "android_conditions",
    "flex_candidates",
    "lite_candidates",
    "load_packages",
    "mobile_candidates",
    "mobile_conditions",
]

# The source groups of the mobile flavour, TensorFlow 2.3 to 2.14 (tensorflow/core/BUILD and
# tensorflow/core/kernels/BUILD); of older trees those that exist.
MOBILE_GROUPS = (
    ("//tensorflow/core:mobile_srcs", "the tree's runtime for mobile"),
    ("//tensorflow/core:portable_op_registrations_and_gradients", "the tree's ops for mobile"),
    ("//tensorflow/core/kernels:portable_core_ops", "the tree's core kernels for mobile"),
    ("//tensorflow/core/kernels:portable_extended_ops", "the tree's more kernels for mobile"),
    ("//tensorflow/core/kernels:portable_all_ops", "the tree's all kernels for mobile"),
)
MOBILE_LIBRARIES = (
    "//tensorflow/core:portable_tensorflow_lib_lite",
    "//tensorflow/core:portable_tensorflow_lib",
    "//tensorflow/core/common_runtime:direct_session",
)
# TensorFlow Lite 2.14 without delegates (tensorflow/lite/BUILD, core/c/BUILD, kernels/BUILD).
LITE_LIBRARIES = (
    "//tensorflow/lite:framework",
    "//tensorflow/lite:create_op_resolver_with_selected_ops",
    "//tensorflow/lite/core/c:c_api_without_op_resolver",
    "//tensorflow/lite/kernels:builtin_op_kernels",
)
# Its delegate for ops of TensorFlow itself (tensorflow/lite/delegates/flex/BUILD).
FLEX_DELEGATE = "//tensorflow/lite/delegates/flex:delegate_symbol"
# Other delegates are not built. The interface for C names that of NNAPI, for which the tree has a
# file that says so, as its BUILD files take it for systems other than Android's.
LITE_DELEGATES = tuple(
    f"tensorflow/lite/{folder}/" for folder in ("delegates/nnapi", "delegates/xnnpack", "nnapi")
)
NNAPI_DISABLED = "tensorflow/lite/delegates/nnapi/nnapi_delegate_disabled.cc"


@dataclass(frozen=True, kw_only=True, order=True)
class Candidate:
    """A ``.cc`` that may have to be linked, why, and the labels that lead to it."""

    path: str
    reason: str
    chain: tuple[str, ...]


def load_packages(tree: Path, conditions: BuildConditions, cache: Path | None) -> BuildGraph:
    """Return the graph of ``tree`` under ``conditions``. Nothing is evaluated yet.

    ``cache`` is a folder for evaluated packages, which :meth:`BuildGraph.save` fills; None keeps
    nothing between runs.
    """
    return BuildGraph(tree, conditions, PackageStore(tree, conditions, cache))


def mobile_candidates(graph: BuildGraph, kernel_files: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """Return the ``.cc`` that a mobile-flavoured library of a 2.x tree may link, sorted by path.

    The union of the tree's own mobile source groups, of what its portable libraries depend on,
    and of what the libraries that own ``kernel_files`` depend on. A file that several of these
    name keeps the first reason.
    """
    found: dict[str, Candidate] = {}

    def add(path: str, reason: str, chain: tuple[str, ...]) -> None:
        if path.endswith(SOURCE_SUFFIXES):
            found.setdefault(path, Candidate(path=path, reason=reason, chain=chain))

    for label, reason in MOBILE_GROUPS:
        if graph.target(label) is not None:
            for path in graph.filegroup(label):
                add(path, reason, (label,))
    libraries = [label for label in MOBILE_LIBRARIES if graph.target(label) is not None]
    for path, chain in graph.closure(libraries).files.items():
        add(path, f"needed by {chain[0]}", chain)
    for path, chain in graph.closure(kernel_files).files.items():
        add(path, f"needed by {chain[0]}", chain)
    return tuple(found[path] for path in sorted(found))


def lite_candidates(graph: BuildGraph, kernel_files: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """The same of the tree's TensorFlow Lite: what its libraries and those that own
    ``kernel_files`` depend on.

    Raises:
        ConfigError: the tree's BUILD files have no such libraries.
    """
    for label in LITE_LIBRARIES:
        if graph.target(label) is None:
            graph.filegroup(label)  # says so
    files = {
        path: chain
        for path, chain in graph.closure([*LITE_LIBRARIES, *kernel_files]).files.items()
        if not path.startswith(LITE_DELEGATES)
    }
    if (graph.tree / NNAPI_DISABLED).is_file():
        files[NNAPI_DISABLED] = (LITE_LIBRARIES[2],)
    return tuple(
        Candidate(path=path, reason=f"needed by {chain[0]}", chain=chain)
        for path, chain in sorted(files.items())
    )


def flex_candidates(graph: BuildGraph, kernel_files: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """The same of both together: TensorFlow Lite, the delegate that runs ops of TensorFlow itself,
    and TensorFlow.

    Raises:
        ConfigError: the tree's BUILD files have no such libraries.
    """
    found = {each.path: each for each in lite_candidates(graph, [FLEX_DELEGATE, *kernel_files])}
    for each in mobile_candidates(graph):
        found.setdefault(each.path, each)
    return tuple(found[path] for path in sorted(found))
