"""Models to an OpSet: one model after the other, then their union."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import ModelInfo, NodeRef, OpDefinition, OpSet, OpUse, TensorInfo
from buildtool.model import oplist
from buildtool.model.edges import CheckedNode, check_edges
from buildtool.model.findings import Findings, also
from buildtool.model.first_run import check_initialisers, find_initialisers
from buildtool.model.formats import Format, detect
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
from buildtool.model.inferring import infer_shapes
from buildtool.model.interface import Interface, find_ends
from buildtool.model.kernel_checks import check_kernels
from buildtool.model.loading import LoadedModel, ModelSource, load, read_text
from buildtool.model.notes import note_on_first_run, note_on_random_ops, note_on_removed
from buildtool.model.placement import check_placement
from buildtool.model.pruning import PrunedGraph, check_fed, prune
from buildtool.model.rewriting import Rewriter, RewrittenGraph
from buildtool.model.runtime_facts import RuntimeFacts
from buildtool.model.specs import Specs
from buildtool.model.transforms import Choice
from buildtool.model.transforms.transform import Tree
from buildtool.model.uses import Uses
from buildtool.model.variable_changes import CHANGE
from buildtool.model.walk import Site, walk
from buildtool.model.wire import WireError

_DAMAGED = "the file is cut off, damaged or something else: download or export it again"


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
    for source, name in zip(sources, _names(sources), strict=True):
        reader.read(source, name)
    return reader.result()


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
        self._cache, self._python, self._asked = cache, python, asked
        self._notes: list[str] = []
        self._findings = Findings()
        self._models: list[ModelInfo] = []
        self._broken: set[str] = set()
        self._unknown: dict[tuple[str, str, str], list[NodeRef]] = {}

    def read(self, source: ModelSource, name: str) -> None:
        """Read one model into the collections; what is wrong becomes a finding."""
        if source.path.name in ("saved_model.pb", "saved_model.pbtxt"):
            source = replace(source, path=source.path.parent)
        found = detect(source.path)
        if isinstance(found, Problem):
            self._findings.add(found)
            return
        before = self._findings.count()
        try:
            self._check_keys(source, found)
            if found is Format.OP_LIST:
                self._op_list(source, name)
            else:
                loaded = load(source, found, cache=self._cache, python=self._python)
                self._graph(source, name, loaded)
        except ModelError as failure:
            self._findings.add(*failure.problems)
        except OSError as failure:
            what = f"cannot be read or written: {failure.strerror}"
            todo = "look at the permissions and the free space there"
            self._findings.model(str(failure.filename or source.path), what, todo)
        except WireError as failure:
            self._findings.model(str(source.path), f"is not a whole GraphDef: {failure}", _DAMAGED)
        if self._findings.count() != before:
            self._broken.add(name)

    def _check_keys(self, source: ModelSource, found: Format) -> None:
        """Keys that are for other kinds of models."""
        frozen = {Format.SAVED_MODEL, Format.CHECKPOINT}
        keys = {
            "signature": (source.signature, {Format.SAVED_MODEL}),
            "tags": (source.tags, {Format.SAVED_MODEL}),
            "state": (source.keep_state, frozen),
            "initialise": (source.initialise, {*frozen, Format.BINARY, Format.TEXT}),
        }
        for key, (value, kinds) in keys.items():
            if value and found not in kinds:
                named = " and ".join(sorted(kind.value for kind in kinds))
                what = f"{key}: is for a {named}, and this is a {found.value}"
                self._findings.model(str(source.path), what, f"leave '{key}' out")

    def result(self) -> Reading:
        """The union of all that was read."""
        skipped = (
            f"{where[0]}: op {op}: this tree does not know attribute {attr!r} and ignores it"
            + also(where)
            for (_, op, attr), where in sorted(self._unknown.items())
        )
        opset = OpSet(models=tuple(self._models), uses=self._uses.result())
        notes = (*self._notes, *skipped)
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
                todo = unknown_op_todo(entry.op, self._specs.names())
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
            self._findings.model(str(source.path), *too_large(len(loaded.buffer)))
            return
        before = self._findings.count()
        rewritten = self._rewriter.rewrite(read_graph(loaded.buffer), source)
        self._notes += (f"{name}: {note}" for note in (*loaded.notes, *rewritten.notes))
        check_graph(rewritten.graph, str(source.path), self._facts, self._findings)
        info = self._info(source, name, loaded, rewritten.graph)
        info = self._first_run(source, loaded, rewritten.graph, info)
        pruned = prune(rewritten.graph, info.inputs, info.outputs, info.initialisers)
        if self._is_too_much(pruned, rewritten, stated=bool(loaded.outputs)):
            rewritten = rewritten.without(pruned)
            self._notes.append(f"{name}: {note_on_removed(pruned, info)}")
        checks = self._check(name, rewritten, self._findings, run=_names_of(pruned.graph))
        check_fed(pruned, info, self._findings)
        for reader in sorted(_names_of(pruned.graph) & loaded.faults.keys()):
            where = NodeRef(model=name, function="", node=reader)
            todo = f"put it into {source.path.parent}, or freeze the model again with its file"
            self._findings.node(where, f"{loaded.faults[reader]}: a table stays empty", todo)
        run = tuple(walk(pruned.graph, self._specs))
        check_kernels(name, run, self._context(rewritten, self._findings))
        self._notes += (f"{name}: {note}" for note in note_on_random_ops(run))
        for node in checks:
            if not missing_attrs(node.site):  # nobody knows what kernel that node wants
                self._uses.add_site(node.site, node.where)
            for attr in unknown_attrs(node.site) if self._facts.ignores_unknown_attrs else ():
                self._unknown.setdefault((name, node.site.node.op, attr), []).append(node.where)
        count = len({(node.where.function, node.where.node) for node in checks})
        info = replace(info, node_count=count)
        if self._findings.count() == before:
            info = self._rewriter.applied(info, rewritten)
        self._models.append(info)

    def _first_run(
        self, source: ModelSource, loaded: LoadedModel, graph: GraphDef, info: ModelInfo
    ) -> ModelInfo:
        """The model with what is to be run once before it."""
        step = prune(graph, info.inputs, info.outputs).graph
        stated = check_initialisers(loaded.initialisers, graph, str(source.path), self._findings)
        nodes = stated or find_initialisers(graph, _names_of(step))
        if not nodes:
            return info
        self._notes.append(f"{info.name}: {note_on_first_run(info, nodes, source)}")
        changes = any(CHANGE.fullmatch(site.node.op) for site in walk(step, self._specs))
        return replace(info, initialisers=nodes, steps=1 + changes)

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
        return Context(rewritten.graph, self._specs, self._facts, findings, rewritten.hint)

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

    def _info(
        self, source: ModelSource, name: str, loaded: LoadedModel, graph: GraphDef
    ) -> ModelInfo:
        main = [site for site in walk(graph, self._specs) if site.function is None]
        interface = Interface(main, source.shapes, source.dtypes)
        where, findings = str(source.path), self._findings
        interface.check_shapes(where, findings)
        interface.check_types(source.places, where, findings)
        # Rewrites keep the names of what they replace, and leave loose ends of their own.
        ends = find_ends(read_graph(loaded.buffer))
        inputs = interface.stated(loaded.inputs, "input", where, findings)
        outputs = interface.stated(loaded.outputs, "output", where, findings)
        if not loaded.outputs:
            outputs = interface.outputs(ends.outputs)
            told = self._with_shapes(outputs, graph, loaded) if len(outputs) > 1 else outputs
            self._notes += [f"{name}: {ends.note(told)}"] if outputs else []
        if graph.nodes and not (outputs or loaded.outputs):
            what = "no output can be found: each node is an input, a constant, or read by another"
            findings.model(where, what, "state the outputs in the target file")
        inputs = inputs if loaded.inputs else interface.inputs(ends.inputs)
        return ModelInfo(
            name=name,
            path=loaded.path,
            sha256=loaded.sha256,
            inputs=self._with_shapes(inputs, graph, loaded),
            outputs=outputs,
            node_count=0,
            min_consumer=graph.min_consumer,
            producer=graph.producer,
            made=loaded.made,
            embeds=loaded.embeds,
        )

    def _with_shapes(
        self, tensors: Sequence[TensorInfo], graph: GraphDef, loaded: LoadedModel
    ) -> tuple[TensorInfo, ...]:
        return infer_shapes(tensors, graph, loaded.path, cache=self._cache, python=self._asked)


def _names_of(graph: GraphDef) -> frozenset[str]:
    return frozenset(node.name for node in graph.nodes)


def _ref(model: str, site: Site) -> NodeRef:
    function = site.function.name if site.function else ""
    return NodeRef(model=model, function=function, node=site.node.name)
