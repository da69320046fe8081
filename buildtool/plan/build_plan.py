"""The plan: which files, and why each; what the headers select; with which flags. Pure.

Nothing here reads a file or starts a process; what needs either comes in as values.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from buildtool.core.decode import from_json
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.fingerprint import Fingerprint, make_fingerprint
from buildtool.core.lite_names import is_lite
from buildtool.core.render import to_json
from buildtool.core.values import (
    BuildPlan,
    FileKind,
    KernelCatalogue,
    ModelInfo,
    OpUse,
    PlannedFile,
    SelectedKernel,
)

TENSORFLOW = "tensorflow"
# The root of files that are written for a plan.
GENERATED = "generated"
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class RuntimeRoot:
    """A file that must be linked though no symbol asks for it; ``ops`` limits it to models that
    have one of them."""

    path: str
    reason: str
    ops: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A file that may be linked: its root, its path there, what it is, and why it is offered.
    One that is ``required`` is linked in any case; ``libraries`` as in a planned file."""

    root: str
    path: str
    kind: FileKind
    reason: str
    required: bool = False
    libraries: tuple[str, ...] = ()


def make_plan(
    *,
    target: str,
    version: str,
    models: Sequence[ModelInfo],
    catalogue: KernelCatalogue,
    kernels: Sequence[SelectedKernel],
    ops: Iterable[str],
    types: Sequence[str],
    roots: Sequence[RuntimeRoot],
    offers: Sequence[Offer],
    compile_flags: Sequence[str],
    link_flags: Sequence[str],
    notes: Sequence[str] = (),
    uses: Sequence[OpUse] = (),
) -> BuildPlan:
    """Put the plan of one target together.

    Raises:
        ConfigError: the tree lacks files that the runtime cannot start without.
    """
    names = set(ops)
    places = _op_places(names, catalogue, offers)
    libraries = {offer.path: offer.libraries for offer in offers if offer.root == TENSORFLOW}
    required = {
        path: dataclasses.replace(file, libraries=libraries.get(path, ()))
        for path, file in {
            **_root_files(roots, names, offers),
            **_op_files(places),
            **_kernel_files(kernels),
        }.items()
    }
    optional = [
        PlannedFile(
            root=offer.root,
            path=offer.path,
            kind=offer.kind,
            reason=offer.reason,
            required=offer.required,
            libraries=offer.libraries,
        )
        for offer in offers
        if offer.root != TENSORFLOW or offer.path not in required
    ]
    files = sorted([*required.values(), *optional], key=lambda file: (file.root, file.path))
    return BuildPlan(
        target=target,
        tensorflow_version=version,
        tree_digest=catalogue.tree_digest,
        models=tuple(models),
        defines=catalogue.defines,
        compile_flags=tuple(compile_flags),
        link_flags=tuple(link_flags),
        ops=tuple(sorted(places.items())),
        kernels=tuple(kernels),
        types=tuple(types),
        files=tuple(files),
        notes=tuple(notes),
        uses=tuple(use for use in uses if use.op in places),
    )


def _root_files(
    roots: Iterable[RuntimeRoot], ops: set[str], offers: Iterable[Offer]
) -> dict[str, PlannedFile]:
    there = {offer.path for offer in offers if offer.root == TENSORFLOW}
    wanted = [root for root in roots if not root.ops or ops.intersection(root.ops)]
    lacking = [root for root in wanted if root.path not in there]
    if lacking:
        raise ConfigError(
            Problem(
                where=root.path,
                what=f"the tree's BUILD files do not offer this file, which {root.reason}",
                todo="is the tree complete? If its layout changed, mend data/runtime.yaml",
            )
            for root in lacking
        )
    return {root.path: _required(root.path, FileKind.RUNTIME, root.reason) for root in wanted}


def _op_places(
    ops: set[str], catalogue: KernelCatalogue, offers: Iterable[Offer]
) -> dict[str, str]:
    """The file that registers each op; where several do, one that the BUILD files offer."""
    there = {offer.path for offer in offers if offer.root == TENSORFLOW}
    places: dict[str, list[str]] = {}
    for registration in catalogue.ops:
        if registration.op in ops:
            places.setdefault(registration.op, []).append(registration.source)
    return {
        op: min(found, key=lambda path: (path not in there, path)) for op, found in places.items()
    }


def _op_files(places: Mapping[str, str]) -> dict[str, PlannedFile]:
    registered: dict[str, list[str]] = {}
    for op, path in places.items():
        registered.setdefault(path, []).append(op)
    return {
        path: _required(path, FileKind.OP, f"registers the ops {_some(names)}")
        for path, names in registered.items()
    }


def _kernel_files(kernels: Iterable[SelectedKernel]) -> dict[str, PlannedFile]:
    registered: dict[str, set[str]] = {}
    for kernel in kernels:
        registered.setdefault(kernel.registration.source, set()).add(kernel.registration.op)
    return {
        path: _required(path, FileKind.KERNEL, f"registers kernels of {_some(names)}")
        for path, names in registered.items()
    }


def _required(path: str, kind: FileKind, reason: str) -> PlannedFile:
    return PlannedFile(root=TENSORFLOW, path=path, kind=kind, reason=reason, required=True)


def _some(names: Iterable[str], *, most: int = 12) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more


def plan_to_json(plan: BuildPlan) -> dict[str, Any]:
    """The canonical JSON of a plan: no path of this machine, nothing that varies."""
    value = dataclasses.asdict(dataclasses.replace(plan, files=(), uses=()))
    for model in value["models"]:
        for name in ("path", "original", "made", "embeds", "package"):
            del model[name]
        if not model["initialisers"]:
            del model["initialisers"], model["steps"]
    value["files"] = [_file_to_json(file) for file in plan.files]
    return {"schema_version": SCHEMA_VERSION, **value, "uses": list(map(_use_to_json, plan.uses))}


def _file_to_json(file: PlannedFile) -> dict[str, Any]:
    """There are thousands, of plain values."""
    seldom = ("libraries", "symbol", "asked_by")
    return {name: value for name, value in vars(file).items() if value or name not in seldom}


def plan_digest(plan: BuildPlan) -> str:
    """The SHA-256 of ``plan.json``."""
    return hashlib.sha256(to_json(plan_to_json(plan)).encode()).hexdigest()


def fingerprint_of(plan: BuildPlan) -> Fingerprint:
    """What a library that is built by the plan says of itself."""
    return make_fingerprint(
        target=plan.target,
        release=plan.tensorflow_version,
        tree=plan.tree_digest,
        plan=plan_digest(plan),
        models=[(model.name, model.sha256) for model in plan.models],
    )


def _use_to_json(use: OpUse) -> dict[str, Any]:
    """What says something of a use; its nodes by their places."""
    nodes: dict[tuple[str, str], list[str]] = {}
    for node in use.nodes:
        nodes.setdefault((node.model, node.function), []).append(node.node)
    value = dataclasses.asdict(dataclasses.replace(use, nodes=())) | {
        "nodes": [
            {"model": model, "function": function, "names": names}
            for (model, function), names in sorted(nodes.items())
        ]
    }
    return {key: item for key, item in value.items() if item}


def _use_from_json(value: Mapping[str, Any]) -> dict[str, Any]:
    nodes = [
        {"model": place["model"], "function": place["function"], "node": name}
        for place in value.get("nodes", ())
        for name in place["names"]
    ]
    return {**value, "nodes": nodes}


def plan_from_json(value: Mapping[str, Any]) -> BuildPlan:
    """The plan that :func:`plan_to_json` wrote; its models have no path."""
    models = [{**model, "path": ""} for model in value["models"]]
    uses = [*map(_use_from_json, value.get("uses", ()))]
    return from_json(BuildPlan, {**value, "models": models, "uses": uses})


def selections(plan: BuildPlan) -> Mapping[str, tuple[list[str], list[str]]]:
    """For each file that registers something selected: its kernel classes and its ops.

    Kernels that TensorFlow registers whatever the selection says are left out: their op names
    need not be constant expressions (``kernels/function_ops.cc``), so asking for them by name
    does not compile. Those of TensorFlow Lite do not register themselves.
    """
    classes: dict[str, set[str]] = {}
    ops: dict[str, set[str]] = {}
    resolved: set[str] = set()
    for kernel in plan.kernels:
        registration = kernel.registration
        if is_lite(registration.kernel_class):
            resolved.add(registration.source)
        elif not registration.system:
            classes.setdefault(registration.source, set()).add(registration.kernel_class)
            ops.setdefault(registration.source, set()).add(registration.op)
    for op, source in plan.ops:
        if source not in resolved:
            ops.setdefault(source, set()).add(op)
    return {
        path: (sorted(classes.get(path, ())), sorted(ops.get(path, ())))
        for path in sorted({*classes, *ops})
    }
