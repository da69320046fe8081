"""The step ``explain``: why something is in the target's library, or why not."""

from __future__ import annotations

import dataclasses
import functools
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtool.answers.answer import Answer
from buildtool.answers.explaining import KINDS, explain
from buildtool.answers.grounds import DefinedSymbol, Grounds, ModelNode
from buildtool.answers.symbol_answers import names_by, read_archives
from buildtool.catalogue import store
from buildtool.core.errors import Attempts, BuildError, ConfigError, Problem
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import ModelInfo, SizeReport
from buildtool.model.graphdef import read_graph
from buildtool.model.wire import WireError
from buildtool.report.page_rendering import render_page
from buildtool.tools.probing import first
from buildtool.workflow.kept import load_link_set, load_models, load_result
from buildtool.workflow.reports import SIZE
from buildtool.workflow.workspace import Workspace

SCHEMA_VERSION = 1
ANSWER = "answer"
_MOST = 12
_FILTERS = ("llvm-cxxfilt", "c++filt")


def run(work: Workspace) -> str:
    """Answer for each word that was asked, and keep the answers as text and JSON. Returns a line.

    Raises:
        ConfigError: nothing was asked, or a word names nothing; the others are answered.
        BuildError: what the step ``plan`` has left is damaged.
    """
    if not work.asked:
        what, todo = "what is to be explained?", f"explain:{work.target.id} WHAT: WHAT is {KINDS}"
        raise ConfigError(Problem(where=f"explain:{work.target.id}", what=what, todo=todo))
    grounds, attempt = _grounds(work), Attempts()
    found = [attempt(functools.partial(explain, word, grounds)) for word in work.asked]
    answers = [answer for of_word in found for answer in of_word or ()]
    if answers:
        work.say(f"\n{_written(work, grounds, answers)}")
    if attempt.failures:
        raise attempt.failure()
    where = work.layout.explain.relative_to(work.layout.folder.parent.parent)
    return f"{len(answers)} answer{'s' * (len(answers) != 1)}, also in {where}/{ANSWER}.json"


def _written(work: Workspace, grounds: Grounds, answers: Sequence[Answer]) -> str:
    """The answers as text; that and their JSON are kept."""
    text = render_page(
        "explain.txt.j2",
        answers=answers,
        built=grounds.is_built,
        most=_MOST,
        stripped=grounds.size.stripped if grounds.size else 0,
    )
    values = {
        "schema_version": SCHEMA_VERSION,
        "target": work.target.id,
        "built": grounds.is_built,
        "answers": [dataclasses.asdict(answer) for answer in answers],
    }
    write_if_changed(work.layout.explain / f"{ANSWER}.json", to_json(values))
    write_if_changed(work.layout.explain / f"{ANSWER}.txt", text)
    return text


def _grounds(work: Workspace) -> Grounds:
    catalogue = store.load(work.layout.catalogue)
    if catalogue is None:
        what, todo = "is damaged", "remove it, and run the same again: it is then written anew"
        raise BuildError(Problem(where=str(work.layout.catalogue), what=what, todo=todo))
    size, filter_ = load_result(work.layout, SIZE, SizeReport), first(_FILTERS)
    return Grounds(
        plan=work.plan,
        catalogue=catalogue,
        build=f"doit build:{work.target.id}",
        takes_lists=work.runtime.runs_graphs,
        linked=load_link_set(work.layout) if size else (),
        size=size,
        tree=work.tree_here,
        link_map=_link_map(work) if size else None,
        archives=_archives(work),
        demangle=names_by(filter_, underscores=_has_underscores(work)) if filter_ else None,
        file_nodes=functools.partial(_file_nodes, work),
        archived=functools.partial(_archived, work),
    )


def _file_nodes(work: Workspace) -> Sequence[ModelNode]:
    """All nodes of the models' graphs; none of a model that is no graph."""
    if not work.runtime.runs_graphs:
        return ()
    return [node for model in load_models(work.layout) for node in _nodes(model)]


def _nodes(model: ModelInfo) -> Iterator[ModelNode]:
    path = model.original or model.path
    try:
        with path.open("rb") as file:
            graph = read_graph(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError, WireError):  # gone, or no graph: a list of ops
        return
    for node in (*graph.nodes, *(n for f in graph.functions.values() for n in f.nodes)):
        yield ModelNode(model=model.name, node=node.name, op=node.op)


def _link_map(work: Workspace) -> Path | None:
    """The map that the linker wrote beside what was linked to be proved and measured."""
    found = sorted(work.layout.runner.glob("*.map"))
    linked = [path for path in found if any(path.with_suffix(end).is_file() for end in ("", ".so"))]
    return linked[0] if linked else None


def _archives(work: Workspace) -> Sequence[Path]:
    """The archives of the library."""
    folders = (work.layout.dist / "lib", work.layout.runner / "lib")
    return sorted(path for folder in folders for path in folder.glob("*.a"))


def _archived(work: Workspace) -> Sequence[DefinedSymbol]:
    """The symbols of the library's archives; none where no tool here reads them."""
    nm, names, archives = first(("llvm-nm", "nm")), first(_FILTERS), _archives(work)
    if nm is None or names is None or not archives:
        return ()
    return read_archives(nm, names, archives, underscores=_has_underscores(work))


def _has_underscores(work: Workspace) -> bool:
    """Whether there is one before each name of C."""
    return work.abi.object_format == "macho"
