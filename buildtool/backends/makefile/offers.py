"""The files that a build may link, or must: the makefile's own, and those that BUILD files name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from buildtool.backends.backend import Job
from buildtool.backends.makefile.asking import ask
from buildtool.backends.makefile.file_lists import OPS, PROTO_TEXTS, PROTOS, StockLists, read_lists
from buildtool.config import Target
from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import FileKind
from buildtool.plan.build_plan import TENSORFLOW, Offer
from buildtool.starlark.buildfiles import BuildGraph

SOURCE_SUFFIXES = (".c", ".cc")


def make_offers(job: Job, graph: BuildGraph, kernel_files: Sequence[str]) -> list[Offer]:
    """See :meth:`~buildtool.backends.backend.Backend.offers`."""
    lists = read_lists(job.tree.path)
    stock = _stock_sources(job, lists)
    target = job.target
    if target.file_list == "stock":
        _all_in_stock(target, kernel_files, stock)
    offer = partial(Offer, root=TENSORFLOW, required=target.file_list != "trimmed")
    found = {
        path: offer(path=path, kind=FileKind.RUNTIME, reason=f"the tree's makefile: {where}")
        for path, where in stock.items()
    }
    for path, where in _generated(lists).items():
        reason = f"the tree's makefile: {where}"
        found[path] = offer(path=path, kind=FileKind.PROTO, reason=reason)
    more = graph.closure(kernel_files).files if target.file_list != "stock" else {}
    for path, chain in more.items():
        if path.endswith(SOURCE_SUFFIXES) and path not in found:
            found[path] = Offer(
                root=TENSORFLOW,
                path=path,
                kind=FileKind.RUNTIME,
                reason=f"needed by {chain[0]}: {' > '.join(chain)}",
            )
    for path in sorted(set(graph.protos(list(more)).values()) - found.keys()):
        found[path] = Offer(
            root=TENSORFLOW, path=path, kind=FileKind.PROTO, reason="included as .pb.h"
        )
    return [found[path] for path in sorted(found)]


def _stock_sources(job: Job, lists: StockLists) -> dict[str, str]:
    """The sources that the tree's makefile compiles, and which part of it names each."""
    named = set(lists.ops)
    asked = ask(job, ("TF_CC_SRCS",))["TF_CC_SRCS"]
    return {path: OPS if path in named else "TF_CC_SRCS" for path in asked}


def _generated(lists: StockLists) -> dict[str, str]:
    return {
        **dict.fromkeys(lists.protos, PROTOS),
        **dict.fromkeys(lists.proto_texts, PROTO_TEXTS),
    }


def _all_in_stock(target: Target, kernel_files: Sequence[str], stock: Mapping[str, str]) -> None:
    """The stock list alone must hold what the models need.

    Raises:
        ModelError: it does not.
    """
    lacking = sorted(set(kernel_files) - stock.keys())
    if lacking:
        raise ModelError(
            Problem(
                where=target.where("file_list"),
                what=f"the tree's list of files lacks {path}, which has kernels that the models "
                "need",
                todo="set 'file_list: additions', or leave the key out",
            )
            for path in lacking
        )
