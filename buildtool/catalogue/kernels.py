"""The catalogue of one tree under one set of defines: kernels, ops and op definitions."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from buildtool.catalogue import opdefs, store
from buildtool.catalogue.builders import read_kernels, read_ops
from buildtool.catalogue.capi import read_c_kernels
from buildtool.catalogue.constants import Constants
from buildtool.catalogue.cxxfiles import CxxFiles
from buildtool.catalogue.macros import (
    FRAMEWORK_HEADERS,
    KERNEL_MACROS,
    OP_MACROS,
    find_registering,
    own_macros,
)
from buildtool.catalogue.op_language import compound_types
from buildtool.catalogue.registered_ops import merged, read_registered
from buildtool.catalogue.unity import Preprocessor, expand
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import KernelCatalogue, OpRegistration, Registration

# Part of the cache's key: raise it whenever the same tree would give another catalogue.
VERSION = 3


def make_catalogue(
    tree: Path,
    *,
    defines: Sequence[str],
    preprocessor: Sequence[str],
    include_dirs: Sequence[Path] = (),
    cache: Path,
    tree_digest: str,
) -> KernelCatalogue:
    """Find everything that ``tree``, any TensorFlow from 1.0 to 2.14, registers under ``defines``.

    ``preprocessor`` is a command with the target's flags, e.g. ``("clang++", "-E", "-mfpu=neon")``.
    Headers outside of the tree count as empty unless ``include_dirs``, folders whose content never
    changes, hold them. The result is kept under ``cache``, by the content of all that it was made
    from; ``tree_digest`` stands for the tree's.

    Raises:
        ConfigError: ``tree`` is not a TensorFlow source tree, or cannot be understood.
        ToolError: the preprocessor is not there or fails.
    """
    request = Preprocessor(
        argv=tuple(preprocessor), defines=tuple(sorted(defines)), include_dirs=tuple(include_dirs)
    )
    folder = cache / "catalogue"
    path = folder / f"{_key(request, tree_digest)}.json.gz"
    known = store.load(path)
    if known is not None:
        return known
    definitions = _checked_definitions(tree)
    kernels, ops, registered = _registrations(tree, request, folder)
    definitions = {**definitions, **registered}
    catalogue = KernelCatalogue(
        tree_digest=tree_digest,
        defines=request.defines,
        kernels=kernels,
        ops=ops,
        definitions=opdefs.OpDefinitions(definitions),
    )
    store.save(path, catalogue)
    return catalogue


def _key(request: Preprocessor, tree_digest: str) -> str:
    """Name all that the catalogue depends on. Programs (`ccache clang++ -E` has two) count by the
    size and time of their files: to ask them for a version takes longer than a warm load."""
    programs = [found for name in request.argv if (found := shutil.which(name))]
    states = [os.stat(program) for program in programs]  # noqa: PTH116
    identity = [(state.st_size, state.st_mtime_ns) for state in states]
    folders = [str(folder) for folder in request.include_dirs]
    parts = [VERSION, tree_digest, request.defines, request.argv, programs, identity, folders]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _checked_definitions(tree: Path) -> Mapping[str, opdefs.Record]:
    """Read the op definitions, and say all that is wrong with the tree at once."""
    problems = list(_missing_macros(tree))
    definitions: Mapping[str, opdefs.Record] = {}
    try:
        definitions = opdefs.read_definitions(tree)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return definitions


def _missing_macros(tree: Path) -> Iterator[Problem]:
    todo = "name the root of a TensorFlow source tree, the folder that holds 'tensorflow/core'"
    for header, (name, _) in zip(FRAMEWORK_HEADERS, (OP_MACROS, KERNEL_MACROS), strict=True):
        text = CxxFiles(tree).text(header)
        if text is None:
            yield Problem(where=str(tree / header), what="cannot read this file", todo=todo)
        elif name not in own_macros(text):
            what = f"it does not define {name}"
            yield Problem(where=str(tree / header), what=what, todo=todo)


class _Registrations(NamedTuple):
    """What the sources of a tree register, and how they define the ops, as far as it is clear."""

    kernels: tuple[Registration, ...]
    ops: tuple[OpRegistration, ...]
    definitions: Mapping[str, opdefs.Record]


def _registrations(tree: Path, request: Preprocessor, folder: Path) -> _Registrations:
    files = CxxFiles(tree, request.include_dirs)
    expanded = expand(files, find_registering(files), request, cache=folder)
    constants, compound = Constants(files), compound_types(files)
    kernels: list[Registration] = []
    ops: list[OpRegistration] = []
    registered: list[tuple[str, opdefs.Record | None]] = []
    for source, text in expanded.items():
        kernels += read_kernels(source, text, constants)
        kernels += read_c_kernels(source, text, constants)
        ops += read_ops(source, text, constants)
        registered += read_registered(source, text, constants, compound)
    return _Registrations(
        tuple(sorted(kernels, key=_kernel_order)),
        tuple(sorted(ops, key=_op_order)),
        merged(registered),
    )


def _kernel_order(kernel: Registration) -> tuple[Any, ...]:
    types = tuple((constraint.attr, constraint.types) for constraint in kernel.constraints)
    place = (kernel.source, kernel.line)
    return (kernel.op, kernel.device, kernel.label, kernel.kernel_class, *place, types)


def _op_order(op: OpRegistration) -> tuple[str, str, int]:
    return op.op, op.source, op.line
