"""The functions of TensorFlow's C API that a shared library exports, and the files they are in."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path

from buildtool.core.errors import ConfigError, Problem
from buildtool.core.suggest import did_you_mean
from buildtool.plan.build_plan import RuntimeRoot

FOLDER = "tensorflow/c"
HEADER = f"{FOLDER}/c_api.h"
# Each is the only file of its functions; what they need is found by their symbols.
FILES = (
    "c_api.cc",
    "tf_buffer.cc",
    "tf_datatype.cc",
    "tf_status.cc",
    "tf_tensor.cc",
    "tf_tstring.cc",
)
HEADERS = (
    "c_api.h",
    "tf_buffer.h",
    "tf_datatype.h",
    "tf_status.h",
    "tf_tensor.h",
    "tf_tstring.h",
)
# What loads a graph, feeds it, runs it and says what is in it; an app that builds graphs or reads
# attributes asks for more.
INFERENCE = (
    "TF_AllocateTensor",
    "TF_CloseSession",
    "TF_DataTypeSize",
    "TF_DeleteBuffer",
    "TF_DeleteGraph",
    "TF_DeleteImportGraphDefOptions",
    "TF_DeleteSession",
    "TF_DeleteSessionOptions",
    "TF_DeleteStatus",
    "TF_DeleteTensor",
    "TF_Dim",
    "TF_GetCode",
    "TF_GraphGetTensorNumDims",
    "TF_GraphGetTensorShape",
    "TF_GraphImportGraphDef",
    "TF_GraphNextOperation",
    "TF_GraphOperationByName",
    "TF_ImportGraphDefOptionsSetPrefix",
    "TF_Message",
    "TF_NewBuffer",
    "TF_NewBufferFromString",
    "TF_NewGraph",
    "TF_NewImportGraphDefOptions",
    "TF_NewSession",
    "TF_NewSessionOptions",
    "TF_NewStatus",
    "TF_NewTensor",
    "TF_NumDims",
    "TF_OperationName",
    "TF_OperationNumOutputs",
    "TF_OperationOpType",
    "TF_OperationOutputType",
    "TF_SessionRun",
    "TF_SetConfig",
    "TF_StringAssignView",
    "TF_StringCopy",
    "TF_StringDealloc",
    "TF_StringGetDataPointer",
    "TF_StringGetSize",
    "TF_StringInit",
    "TF_TensorByteSize",
    "TF_TensorData",
    "TF_TensorElementCount",
    "TF_TensorType",
    "TF_Version",
)
_DECLARED = re.compile(r"\bTF_CAPI_EXPORT\b[^;{]*?\b(TF_\w+)\s*\(")


def exported(tree: Path, asked: Sequence[str], where: str) -> tuple[str, ...]:
    """The functions to export, sorted: those that load and run a graph, and those of the tree's
    headers that ``asked`` names or matches.

    Raises:
        ConfigError: the headers declare none of that name.
    """
    declared = declared_functions(tree)
    problems = [
        Problem(
            where=where,
            what=f"exports: {HEADER} and what it includes declare no {pattern}"
            + did_you_mean(pattern, sorted(declared)),
            todo="name functions of the C API, or a pattern such as 'TF_Operation*'",
        )
        for pattern in asked
        if not fnmatch.filter(declared, pattern)
    ]
    if problems:
        raise ConfigError(problems)
    found = {name for pattern in asked for name in fnmatch.filter(declared, pattern)}
    return tuple(sorted(found.union(INFERENCE)))


def declared_functions(tree: Path) -> frozenset[str]:
    """The functions that the headers of the tree declare for others."""
    texts = (tree / FOLDER / name for name in HEADERS)
    return frozenset(
        name
        for path in texts
        if path.is_file()
        for name in _DECLARED.findall(path.read_text(encoding="utf-8"))
    )


def c_api_roots() -> tuple[RuntimeRoot, ...]:
    """The files that define the C API: nothing else asks for them."""
    reason = "defines functions of the C API"
    return tuple(RuntimeRoot(path=f"{FOLDER}/{name}", reason=reason) for name in FILES)
