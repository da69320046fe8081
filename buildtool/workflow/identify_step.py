"""What is a library that somebody left behind? Asked of files, not of a target."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildtool.answers.file_identity import Held, Identity, held, identify_files, settled
from buildtool.answers.model_fit import Fit, fit, fit_planned
from buildtool.catalogue import store
from buildtool.catalogue.kernels import make_catalogue
from buildtool.core.errors import Attempts, ConfigError, ModelError, Problem, ToolError
from buildtool.core.lite_names import is_lite
from buildtool.core.paths import LOCK, Layout
from buildtool.core.render import to_json, write_if_changed
from buildtool.core.values import BuildPlan, KernelCatalogue, OpUse, SourceTree
from buildtool.model import ModelSource, read_models, read_runtime_facts
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.plan.selection import deciding_attrs
from buildtool.report.page_rendering import render_page
from buildtool.sources import Cache, Lock, load_lock, local_tree
from buildtool.tools.probing import first
from buildtool.workflow.kept import load_plan

SCHEMA_VERSION = 1
NAME = "identify"
FAMILY = "tensorflow"
_MOST, _FEW = 40, 6
_NO_LITE = (
    "cannot be told: no text names the kernels of TensorFlow Lite, and the plan that the library "
    "was built by is not here"
)
_NO_TREE = "cannot be told: no tree of TensorFlow is here to read kernels with; name one with tf="


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: which ``files`` are these, and do ``models`` run on them? ``tensorflow`` is a
    tree, or a name of the lock file, that they may be made from; ``signature`` and ``tags`` are of
    models that have some; ``builds`` is the folder of all
    targets' builds."""

    files: tuple[Path, ...]
    models: tuple[Path, ...]
    signature: str
    tags: tuple[str, ...]
    tensorflow: Path | str | None
    builds: Path
    cache: Cache
    say: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class _NameSource:
    """What a file is looked at with: a tree's ``catalogue`` and what it is called. ``exact`` says
    whether the file was made from it; ``plan`` is that of the file, if it was built here."""

    catalogue: KernelCatalogue
    called: str
    exact: bool
    tree: Path | None = None
    plan: BuildPlan | None = None


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What is told of one file. ``built`` are targets whose build has made it."""

    identity: Identity
    built: tuple[str, ...] = ()
    known: _NameSource | None = None
    held: Held = dataclasses.field(default_factory=Held)
    lite: tuple[str, ...] = ()
    fits: Mapping[str, Fit] = dataclasses.field(default_factory=dict)
    untold: Sequence[str] = ()


def run(question: Question) -> str:
    """Tell what the files are, and keep it as JSON. Returns a line.

    Raises:
        ConfigError: no file is named, or one is no library; the others are told.
        ModelError: a model would not run; all reasons.
    """
    if not question.files:
        what, todo = "which file?", f"{NAME} FILE: a library, a program, an AAR, an XCFramework"
        raise ConfigError(Problem(where=NAME, what=what, todo=todo))
    plans = _plans(question.builds)
    told: dict[str, Sequence[_Answer]] = {}
    attempt = Attempts()
    for path in question.files:
        answers = attempt(functools.partial(_answers, question, path, plans))
        told |= {str(path): answers} if answers else {}
    if told:
        question.say(f"\n{render_page('identify.txt.j2', told=told, most=_MOST)}")
    place = question.builds / NAME / f"{NAME}.json"
    rows = [{"path": path, "files": list(map(_row, each))} for path, each in told.items()]
    write_if_changed(place, to_json({"schema_version": SCHEMA_VERSION, "told": rows}))
    if attempt.failures:
        raise attempt.failure()
    if refused := [*_refused(told)]:
        raise ModelError(refused)
    count = sum(map(len, told.values()))
    shown = place.relative_to(question.builds.parent)
    return f"{count} file{'s' * (count != 1)} looked at; also in {shown}"


def _refused(told: Mapping[str, Sequence[_Answer]]) -> Iterator[Problem]:
    """Which models would not run on which files."""
    for path, answers in told.items():
        for answer in answers:
            for model, found in answer.fits.items():
                if found.lacking:
                    more = f" and {len(found.lacking) - _FEW} more" * (len(found.lacking) > _FEW)
                    ops = ", ".join(found.lacking[:_FEW])
                    what = f"{model} will not run on it: it has not what {ops}{more} need"
                    todo = "build a library for this model, too: doit build:TARGET model=..."
                    where = f"{path}: {answer.identity.name}" if answer.identity.name else path
                    yield Problem(where=where, what=what, todo=todo)


def _answers(question: Question, path: Path, plans: Mapping[str, Layout]) -> Sequence[_Answer]:
    return [_answer(question, each, plans) for each in identify_files(path)]


def _answer(question: Question, identity: Identity, plans: Mapping[str, Layout]) -> _Answer:
    layouts = [plans[mark.plan] for mark in identity.fingerprints if mark.plan in plans]
    known = _find_known(question, identity, layouts)
    plan = known.plan if known else None
    kernels = [each.registration for each in plan.kernels] if plan else []
    lite = [kernel for kernel in kernels if is_lite(kernel.kernel_class)]
    there = held(identity.texts, known.catalogue) if known else Held()
    there = settled(there, plan) if plan else there
    fits: dict[str, Fit] = {}
    untold: list[str] = []
    for path in question.models:
        name, source = str(path), _source(question, path)
        if source.path.suffix == ".tflite":
            if not lite:
                untold.append(f"{name}: {_NO_LITE}")
                continue
            fits[name] = fit_planned(_lite_uses(source), lite)
        elif known is None:
            untold.append(f"{name}: {_NO_TREE}")
        else:
            fits[name] = fit(
                _uses(question, source, known), there, known.catalogue, exact=known.exact
            )
    return _Answer(
        identity=identity,
        built=tuple(sorted(layout.folder.name for layout in layouts)),
        known=known,
        held=there,
        lite=tuple(sorted({kernel.op for kernel in lite})),
        fits=fits,
        untold=untold,
    )


def _source(question: Question, path: Path) -> ModelSource:
    """A model by itself, of which no target says more."""
    return ModelSource(path=path, signature=question.signature, tags=question.tags)


def _row(answer: _Answer) -> dict[str, Any]:
    """What is kept of an answer."""
    of, known = answer.identity, answer.known
    return {
        "name": of.name,
        "kind": of.kind,
        "fingerprints": [dataclasses.asdict(mark) for mark in of.fingerprints],
        "built_here": answer.built,
        "runtimes": of.runtimes,
        "releases": of.releases,
        "read_with": known.called if known else "",
        "read_with_its_own_tree": known.exact if known else False,
        "kernels": [{"op": op, "class": text} for op, text in answer.held.classes],
        "ops_with_kernels": answer.held.ops_with_kernels,
        "ops_perhaps_with_kernels": sorted(
            {k.op for k in answer.held.unsure} - {*answer.held.ops_with_kernels}
        ),
        "ops_named": sorted(answer.held.ops),
        "lite_ops": answer.lite,
        "models": {name: dataclasses.asdict(each) for name, each in answer.fits.items()},
        "untold": answer.untold,
    }


def _plans(builds: Path) -> Mapping[str, Layout]:
    """The builds here, by the digest that a fingerprint has of their plan."""
    found = {}
    for path in sorted(builds.glob("*/plan.json")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[digest[: len(digest) // 2]] = Layout(folder=path.parent)
    return found


def _find_known(
    question: Question, identity: Identity, layouts: Sequence[Layout]
) -> _NameSource | None:
    """The catalogue that a file is best looked at with."""
    if question.tensorflow is None:
        for layout in layouts:
            catalogue = store.load(layout.catalogue)
            if catalogue is not None:
                return _NameSource(
                    catalogue=catalogue,
                    called=f"the plan of {layout.folder.name}",
                    exact=True,
                    plan=load_plan(layout),
                )
    lock = load_lock(LOCK)
    tree = _named_tree(question, lock) or _likely_tree(question.cache, lock, identity)
    if tree is None:
        return None
    digests = {mark.tree for mark in identity.fingerprints}
    exact = any(tree.digest.startswith(d) for d in digests if d) or (
        not digests
        and (question.tensorflow is not None or identity.releases[-1:] == (tree.version,))
    )
    return _NameSource(
        catalogue=_catalogue(question.cache, tree),
        called=f"TensorFlow {tree.version}",
        exact=exact,
        tree=tree.path,
    )


def _named_tree(question: Question, lock: Lock) -> SourceTree | None:
    """The tree that the command line names.

    Raises:
        ConfigError: it is none, or not here.
    """
    named = question.tensorflow
    if named is None:
        return None
    if isinstance(named, Path):
        return local_tree(named, cache=question.cache)
    found = {tree.name: tree for tree in _trees(question.cache, lock)}
    if named not in found:
        todo = f"here are: {', '.join(found)}" if found else "name the folder of a tree"
        raise ConfigError(Problem(where="command line", what=f"tf: {named} is not here", todo=todo))
    return found[named]


def _likely_tree(cache: Cache, lock: Lock, identity: Identity) -> SourceTree | None:
    """Of the trees in the cache the one that a file was made from, or else any."""
    digests = [mark.tree for mark in identity.fingerprints]
    found = sorted(
        _trees(cache, lock),
        key=lambda tree: (
            any(tree.digest.startswith(digest) for digest in digests),
            tree.version in identity.releases,
        ),
    )
    return found[-1] if found else None


def _trees(cache: Cache, lock: Lock) -> Iterator[SourceTree]:
    for source in lock.sources.values():
        if source.family == FAMILY and cache.stamp(source.name, source.tree).is_file():
            yield SourceTree(
                name=source.name,
                path=cache.tree(source.name, source.tree),
                version=source.version,
                digest=source.tree,
            )


@functools.cache
def _catalogue(cache: Cache, tree: SourceTree) -> KernelCatalogue:
    """The kernels of a tree as it is built for desktops.

    Raises:
        ToolError: there is no compiler to read it with.
    """
    compiler = first(("clang++", "g++"))
    if compiler is None:
        what, todo = "no clang++ and no g++ is here to read the tree with", "install one of them"
        raise ToolError(Problem(where="compiler", what=what, todo=todo))
    return make_catalogue(
        tree.path,
        defines=(),
        preprocessor=(str(compiler), "-E"),
        cache=cache.folder("catalogue"),
        tree_digest=tree.digest,
    )


def _lite_uses(source: ModelSource) -> Sequence[OpUse]:
    reading = read_lite_models([source])
    if reading.problems:
        raise ModelError(reading.problems)
    return reading.opset.uses


def _uses(question: Question, source: ModelSource, known: _NameSource) -> Sequence[OpUse]:
    """What a model runs, by the ops of the tree.

    Raises:
        ModelError: it cannot be read, or is wrong in itself.
    """
    catalogue = known.catalogue
    reading = read_models(
        [source],
        definitions=catalogue.definitions,
        registered_ops=[place.op for place in catalogue.ops],
        deciding=deciding_attrs(catalogue),
        cache=question.cache.root,
        facts=read_runtime_facts(known.tree) if known.tree else None,
    )
    if reading.problems:
        raise ModelError(reading.problems)
    return reading.opset.uses
