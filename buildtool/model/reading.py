"""Models to an OpSet: one model after the other, then their union."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.core.errors import Problem
from buildtool.core.values import ModelInfo, NodeRef, OpDefinition, OpSet, OpUse
from buildtool.model import oplist
from buildtool.model.edges import CheckedNode, check_edges
from buildtool.model.findings import Findings, also
from buildtool.model.formats import Format
from buildtool.model.freezing import sha256
from buildtool.model.graph_checks import (
    MOST_BYTES,
    Context,
    check_graph,
    check_names,
    check_site,
    check_state,
    missing_attrs,
    too_large,
    unknown_attrs,
    unknown_op_todo,
)
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.kernel_checks import check_kernels
from buildtool.model.loading import LoadedModel, ModelSource, read_text
from buildtool.model.memory_mapping import PACKAGE_SUFFIX, keep_package
from buildtool.model.notes import note_on_defaults, note_on_random_ops, note_on_removed
from buildtool.model.opening import Opener, names_of, whole
from buildtool.model.placement import check_placement
from buildtool.model.pruning import PrunedGraph, check_fed, prune
from buildtool.model.rewriting import Rewriter, RewrittenGraph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.transforms import Choice
from buildtool.model.transforms.transform import Tree
from buildtool.model.uses import Uses
from buildtool.model.walk import Site, walk


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the models use, all that is wrong with them, and what is merely worth knowing.
    ``broken`` are the names of models with which something is wrong."""

    opset: OpSet
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    broken: frozenset[str] = frozenset()


def read_models(
    sources: Sequence[ModelSource],
    *,
    definitions: Mapping[str, OpDefinition],
    cache: Path,
    registered_ops: Iterable[str] = (),
    deciding: Mapping[str, Iterable[str]] | None = None,
    facts: RuntimeFacts | None = None,
    rewrites: Sequence[Choice] = (),
    python: str = sys.executable,
    infers: bool = False,
) -> Reading:
    """Read all models and give the union of what they run.

    ``definitions`` and ``registered_ops`` are the tree's: the ops of its ``ops.pbtxt``, and every
    op it registers; ``deciding`` are attributes besides types that kernels of an op are chosen by
    (``selection.deciding_attrs``). ``rewrites`` are transforms that are done before anything is
    looked at. ``cache`` is the folder for models that had to be turned into binary
    GraphDefs, or rewritten; ``python`` is the interpreter whose TensorFlow freezes SavedModels and,
    if it ``infers``, is asked for shapes that the models do not say.
    What is wrong with a model is in the result's ``problems``, never raised, so that it is reported
    together with what the kernel selection finds.
    """
    specs = Specs(definitions, registered_ops)
    rewriter = Rewriter(Tree(specs, facts or RuntimeFacts()), tuple(rewrites), cache)
    asked = python if infers else ""
    reader = _Reader(rewriter, Uses(specs, deciding or {}), cache, python, asked)
    with _no_garbage():
        for source, name in zip(sources, _names(sources), strict=True):
            reader.read(source, name)
        return reader.result()


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Nodes do not refer to each other in circles: to look for such takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def notes_on_unknown(
    found: Mapping[tuple[str, str, str], Sequence[NodeRef]],
) -> Iterator[str]:
    """What is told of attributes that a tree skips: by model, op and attribute, with the nodes."""
    for (_, op, attr), where in sorted(found.items()):
        yield (
            f"{where[0]}: op {op}: this tree does not know attribute {attr!r} and ignores it"
            + also(tuple(where))
        )


def _names(sources: Sequence[ModelSource]) -> list[str]:
    """A short name for each model; the path where two would be the same."""
    names = [source.name or source.path.stem or str(source.path) for source in sources]
    return [
        name if names.count(name) == 1 else str(source.path)
        for name, source in zip(names, sources, strict=True)
    ]


class _Reader:
    def __init__(
        self, rewriter: Rewriter, uses: Uses, cache: Path, python: str, asked: str
    ) -> None:
        self._specs, self._facts = rewriter.tree
        self._rewriter, self._uses = rewriter, uses
        self._notes: list[str] = []
        self._findings = Findings()
        self._opener = Opener(
            specs=self._specs,
            cache=cache,
            python=python,
            asked=asked,
            findings=self._findings,
            notes=self._notes,
        )
        self._models: list[ModelInfo] = []
        self._broken: set[str] = set()
        self._unknown: dict[tuple[str, str, str], list[NodeRef]] = {}

    def read(self, source: ModelSource, name: str) -> None:
        """Read one model into the collections; what is wrong becomes a finding."""
        source = whole(source)
        before = self._findings.count()
        with self._opener.collecting(source):
            found = self._opener.kind(source)
            if found is Format.OP_LIST:
                self._op_list(source, name)
            elif found is not None:
                self._graph(source, name, self._opener.load(source, found))
        if self._findings.count() != before:
            self._broken.add(name)

    def result(self) -> Reading:
        """The union of all that was read."""
        opset = OpSet(models=tuple(self._models), uses=self._uses.result())
        notes = (*self._notes, *notes_on_unknown(self._unknown))
        return Reading(
            opset=opset,
            problems=self._findings.problems(),
            notes=notes,
            broken=frozenset(self._broken),
        )

    def _op_list(self, source: ModelSource, name: str) -> None:
        entries, problems = oplist.parse(read_text(source.path), source.path)
        self._findings.add(*problems)
        for entry in () if problems else entries:
            node = f"line {entry.line}" if entry.line else entry.op
            where = NodeRef(model=name, function="", node=node)
            if self._specs[entry.op] is None:
                what = f"op {entry.op} does not exist in this tree"
                todo = unknown_op_todo(entry.op, self._specs)
                self._findings.node(where, what, todo)
            else:
                use = OpUse(op=entry.op, kernel_class=entry.kernel_class or "*")
                self._uses.add(use, where)
        self._models.append(
            ModelInfo(
                name=name,
                path=source.path,
                sha256=sha256(source.path),
                inputs=(),
                outputs=(),
                node_count=0,
            )
        )

    def _graph(self, source: ModelSource, name: str, loaded: LoadedModel) -> None:
        if len(loaded.buffer) > MOST_BYTES:
            self._findings.model(source.shown, *too_large(len(loaded.buffer)))
            return
        before = self._findings.count()
        rewritten = self._rewriter.rewrite(loaded.graph, source)
        self._notes += (f"{name}: {note}" for note in (*loaded.notes, *rewritten.notes))
        check_graph(rewritten.graph, source.shown, self._facts, self._findings)
        info = self._opener.info(source, name, loaded, rewritten.graph)
        info = self._opener.first_run(source, loaded, rewritten.graph, info)
        pruned = prune(rewritten.graph, info.inputs, info.outputs, info.initialisers)
        if self._is_too_much(pruned, rewritten, stated=bool(loaded.outputs)):
            rewritten = rewritten.without(pruned)
            self._notes.append(f"{name}: {note_on_removed(pruned, info)}")
        run_names = names_of(pruned.graph)
        checks = self._check(name, rewritten, self._findings, run=run_names)
        check_fed(pruned, info, self._findings)
        for reader in sorted(run_names & loaded.faults.keys()):
            where = NodeRef(model=name, function="", node=reader)
            todo = f"put it into {source.path.parent}, or freeze the model again with its file"
            self._findings.node(where, f"{loaded.faults[reader]}: a table stays empty", todo)
        is_whole = pruned.graph.nodes is rewritten.graph.nodes
        run = [node.site for node in checks] if is_whole else [*walk(pruned.graph, self._specs)]
        check_kernels(name, run, self._context(rewritten, self._findings))
        told = (*note_on_defaults(info, run), *note_on_random_ops(run))
        self._notes += (f"{name}: {note}" for note in told)
        # Where attributes are missing, nobody knows what kernel the node wants.
        sound = (node for node in checks if node.sound or not missing_attrs(node.site))
        self._uses.add_sites((node.site, node.where) for node in sound)
        plain = set[int]()  # attributes that many share, none of them unknown
        for node in checks if self._facts.ignores_unknown_attrs else ():
            if id(node.site.attrs) in plain:
                continue
            unknown = unknown_attrs(node.site)
            if node.site.is_shared and not unknown:
                plain.add(id(node.site.attrs))
            for attr in unknown:
                self._unknown.setdefault((name, node.site.node.op, attr), []).append(node.where)
        count = len({(node.where.function, node.where.node) for node in checks})
        info = replace(info, node_count=count)
        if self._findings.count() == before:
            info = self._rewriter.applied(info, rewritten)
            info = self._packed(info, source, rewritten.graph)
        self._models.append(info)

    def _packed(self, info: ModelInfo, source: ModelSource, graph: GraphDef) -> ModelInfo:
        """The model with the file that an app maps into memory, where it is to be one."""
        if source.plain is None:
            return info
        original = sha256(source.plain)
        digest = hashlib.sha256(f"{info.sha256} {original}".encode()).hexdigest()
        plain = read_graph(source.plain.read_bytes())
        self._notes.append(
            f"{info.name}: its constants are mapped into memory: an app loads "
            f"dist/models/{info.name}{PACKAGE_SUFFIX} as dist/examples/load_memory_mapped.cc does"
        )
        package = keep_package(graph, plain, digest, self._opener.cache / "prepared")
        return replace(info, package=package, original=source.plain, original_sha256=original)

    def _check(
        self,
        name: str,
        rewritten: RewrittenGraph,
        findings: Findings,
        *,
        run: Collection[str] | None = None,
    ) -> list[CheckedNode]:
        """Every node that a graph can run, with all that is wrong with it among ``findings``;
        ``run`` are those of the main graph that are run, if not all."""
        context = self._context(rewritten, findings)
        check_placement(name, context)
        checks = self._structure(name, context)
        used = (
            (node.site.node.op, node.where)
            for node in checks
            if run is None or node.where.function or node.where.node in run
        )
        check_state(used, findings)
        return checks

    def _structure(self, name: str, context: Context) -> list[CheckedNode]:
        """The same, with what is wrong with names, ops, attributes and inputs alone."""
        check_names(context.graph, name, context.findings)
        checks = []
        for site in walk(context.graph, self._specs):
            where = _ref(name, site)
            checks.append(CheckedNode(site, where, check_site(site, where, context)))
        check_edges(checks, context)
        return checks

    def _context(self, rewritten: RewrittenGraph, findings: Findings) -> Context:
        return Context(rewritten.graph, self._specs, self._facts, findings, rewritten.hint, set())

    def _is_too_much(self, pruned: PrunedGraph, whole: RewrittenGraph, *, stated: bool) -> bool:
        """Whether an app should load the graph without what a session does not run: if the whole
        asks for other kernels, or for what this tree refuses. But where nobody has ``stated`` the
        outputs, a broken node is kept and reported."""
        if not (pruned.removed and pruned.graph.nodes):
            return False
        findings = Findings()
        context = self._context(whole, findings)
        nodes = self._structure("", context)
        if findings.problems():
            return stated
        check_placement("", context)
        check_state(((node.site.node.op, node.where) for node in nodes), findings)
        needed = {self._uses.use_of(site) for site in walk(pruned.graph, self._specs)}
        more = {self._uses.use_of(node.site) for node in nodes} - needed
        return bool(more or findings.problems())


def _ref(model: str, site: Site) -> NodeRef:
    function = site.function.name if site.function else ""
    return NodeRef(model=model, function=function, node=site.node.name)
