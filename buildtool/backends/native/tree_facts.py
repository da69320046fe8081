"""What a tree's BUILD files and ``#include`` lines say to the native backend.

It follows from the tree's content, so it is found out once for each tree, and asked again for each
model.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from buildtool.backends.backend import Job
from buildtool.backends.native.native_flavours import Flavour
from buildtool.starlark.buildfiles import BuildGraph, Candidate
from buildtool.tools.asked_programs import answers

PORTABLE = "//tensorflow/core/kernels:portable_all_ops"


def portable_files(job: Job, graph: BuildGraph) -> frozenset[str]:
    """The files whose kernels the tree takes for mobile devices."""
    return frozenset(_derive(job, graph, ("portable",), lambda: graph.filegroup(PORTABLE)))


def candidates(
    job: Job, graph: BuildGraph, flavour: Flavour, kernel_files: Iterable[str]
) -> tuple[Candidate, ...]:
    """The files that may be linked, as the flavour finds them."""
    files = sorted(set(kernel_files))

    def find() -> list[Sequence[Any]]:
        found = flavour.candidates(graph, files)
        return [(each.path, each.reason, each.chain) for each in found]

    known = _derive(job, graph, ("candidates", flavour.runtime, *files), find)
    return tuple(
        Candidate(path=path, reason=reason, chain=tuple(chain)) for path, reason, chain in known
    )


def protos(job: Job, graph: BuildGraph, files: Iterable[str]) -> Mapping[str, str]:
    """The protos of the headers that these files need; see :meth:`BuildGraph.protos`."""
    paths = sorted(files)
    found = _derive(job, graph, ("protos", *paths), lambda: [*graph.protos(paths).items()])
    return dict(found)


def _derive(
    job: Job, graph: BuildGraph, question: Sequence[str], find: Callable[[], Iterable[Any]]
) -> Any:
    conditions = json.dumps(dataclasses.asdict(graph.conditions))
    asked = (job.tree.digest, str(job.tree.path), conditions, *question)
    return json.loads(answers().derive(asked, lambda: json.dumps([*find()])))
