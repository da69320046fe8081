"""From a model as the target states it to its graph, with what goes in and what comes out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from buildtool.core.errors import ModelError, Problem
from buildtool.core.values import ModelInfo, TensorInfo
from buildtool.model.findings import Findings
from buildtool.model.first_run import check_initialisers, find_initialisers, has_tables
from buildtool.model.formats import Format, detect
from buildtool.model.graph_checks import MOST_BYTES, too_large
from buildtool.model.graphdef import GraphDef, read_graph
from buildtool.model.inferring import infer_shapes
from buildtool.model.interface import Interface, find_ends, without_output
from buildtool.model.loading import LoadedModel, ModelSource, load
from buildtool.model.notes import note_on_first_run
from buildtool.model.pruning import prune
from buildtool.model.specs import Specs
from buildtool.model.variable_changes import CHANGE
from buildtool.model.walk import TooManyCallsError, walk
from buildtool.model.wire import LENGTH, WireError, fields

OUTPUTS_TOLD = 20
META_GRAPH_DEF = 2  # core/protobuf/meta_graph.proto
META = "give the SavedModel; or call it PREFIX.meta, and put the values of its checkpoint beside it"
DAMAGED = "the file is cut off, damaged or something else: download or export it again"


@dataclass(frozen=True, kw_only=True)
class OpenedModel:
    """A model's graph as its file has it, with its inputs, outputs and what is run once before."""

    loaded: LoadedModel
    graph: GraphDef
    info: ModelInfo


@dataclass(frozen=True, kw_only=True)
class Opener:
    """Opens models. ``cache`` is the folder for those that had to be turned into binary GraphDefs,
    ``python`` has the TensorFlow that freezes; ``asked`` is the one that is asked for shapes, empty
    for none. What is wrong goes to ``findings``, what is worth knowing to ``notes``."""

    specs: Specs
    cache: Path
    python: str
    asked: str
    findings: Findings
    notes: list[str]

    def open(self, source: ModelSource, name: str) -> OpenedModel | None:
        """The model; None if it is a list of ops, or where something is wrong."""
        source = whole(source)
        before = self.findings.count()
        with self.collecting(source):
            found = self.kind(source)
            if found is None or found is Format.OP_LIST:
                return None
            loaded = self.load(source, found)
            if len(loaded.buffer) > MOST_BYTES:
                self.findings.model(source.shown, *too_large(len(loaded.buffer)))
                return None
            graph = loaded.graph
            info = self.info(source, name, loaded, graph)
            info = self.first_run(source, loaded, graph, info)
            if self.findings.count() == before:
                return OpenedModel(loaded=loaded, graph=graph, info=info)
        return None

    @contextlib.contextmanager
    def collecting(self, source: ModelSource) -> Iterator[None]:
        """Errors on the way become findings."""
        try:
            yield
        except TooManyCallsError as failure:
            for problem in failure.problems:
                self.findings.add(replace(problem, where=f"{source.shown}: {problem.where}"))
        except ModelError as failure:
            self.findings.add(*failure.problems)
        except OSError as failure:
            what = f"cannot be read or written: {failure.strerror}"
            todo = "look at the permissions and the free space there"
            self.findings.model(str(failure.filename or source.shown), what, todo)
        except WireError as failure:
            if is_meta_graph(source.path):
                what = "is the graph of a checkpoint (a MetaGraphDef, as .meta files are)"
                self.findings.model(source.shown, what, META)
                return
            self.findings.model(source.shown, f"is not a whole GraphDef: {failure}", DAMAGED)

    def kind(self, source: ModelSource) -> Format | None:
        """What the file is; None, with a finding, where it is no model."""
        found = detect(source.path)
        if isinstance(found, Problem):
            self.findings.add(found)
            return None
        self._check_keys(source, found)
        return found

    def load(self, source: ModelSource, found: Format) -> LoadedModel:
        """The model's GraphDef.

        Raises:
            ModelError: it cannot be read, parsed or frozen.
        """
        return load(source, found, cache=self.cache, python=self.python)

    def info(
        self, source: ModelSource, name: str, loaded: LoadedModel, graph: GraphDef
    ) -> ModelInfo:
        """What goes in and comes out of ``graph``, which may be a rewritten one."""
        main = [site for site in walk(graph, self.specs) if site.function is None]
        interface = Interface(main, source.shapes, source.dtypes)
        where, findings = source.shown, self.findings
        interface.check_shapes(where, findings)
        interface.check_types(source.places, where, findings)
        # Rewrites keep the names of what they replace, and leave loose ends of their own.
        ends = find_ends(loaded.graph)
        inputs = interface.stated(loaded.inputs, "input", where, findings)
        outputs = interface.stated(loaded.outputs, "output", where, findings)
        if not loaded.outputs:
            outputs = interface.outputs(ends.outputs)
            told = outputs[:OUTPUTS_TOLD]
            told = self._with_shapes(told, graph, loaded) if len(outputs) > 1 else told
            note = ends.note(told, more=len(outputs) - len(told))
            self.notes.extend([f"{name}: {note}"] if outputs else [])
        if graph.nodes and not (outputs or loaded.outputs):
            findings.model(where, *without_output(graph))
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
        return infer_shapes(tensors, graph, loaded.path, cache=self.cache, python=self.asked)

    def first_run(
        self, source: ModelSource, loaded: LoadedModel, graph: GraphDef, info: ModelInfo
    ) -> ModelInfo:
        """The model with what is to be run once before it."""
        stated = check_initialisers(loaded.initialisers, graph, source.shown, self.findings)
        if not (stated or has_tables(graph)):
            return info
        step = prune(graph, info.inputs, info.outputs).graph
        nodes = stated or find_initialisers(graph, names_of(step))
        if not nodes:
            return info
        self.notes.append(f"{info.name}: {note_on_first_run(info, nodes, source)}")
        changes = any(CHANGE.fullmatch(site.node.op) for site in walk(step, self.specs))
        return replace(info, initialisers=nodes, steps=1 + changes)

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
                self.findings.model(source.shown, what, f"leave '{key}' out")


def whole(source: ModelSource) -> ModelSource:
    """The SavedModel that a file inside it stands for; any other as it is."""
    if source.path.name in ("saved_model.pb", "saved_model.pbtxt"):
        return replace(source, path=source.path.parent)
    return source


def is_meta_graph(path: Path) -> bool:
    """Whether a file that is no GraphDef holds one as a MetaGraphDef does, in its second field."""
    if path.is_dir() or path.stat().st_size > MOST_BYTES:
        return False
    content = path.read_bytes()
    try:
        inner = [
            content[start:end]
            for number, kind, start, end in fields(content, (0, len(content)))
            if number == META_GRAPH_DEF and kind == LENGTH
        ]
        return len(inner) == 1 and bool(read_graph(inner[0]).nodes)
    except WireError:
        return False


def names_of(graph: GraphDef) -> frozenset[str]:
    """The names of the nodes of the main graph."""
    return frozenset(node.name for node in graph.nodes)
