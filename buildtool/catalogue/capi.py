"""Kernels that are registered through the C API: ``TF_NewKernelBuilder`` and what follows it.

TensorFlow does so in ``tensorflow/c/kernels`` (Bitcast and the summaries, 1.14 and newer), inside
functions, some of them templates that a static initialiser calls once for each type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildtool.catalogue.builders import KernelDraft, names_something
from buildtool.catalogue.constants import Constants
from buildtool.core.values import Registration

_CALL = re.compile(
    r"\b(buildtool_c_kernel|TF_KernelBuilder_\w+|TF_RegisterKernelBuilder)\s*"
    r"\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
)
_FUNCTION = re.compile(r"(?:template\s*<\s*typename\s+(\w+)\s*>\s*)?\bvoid\s+(\w+)\s*\(\s*\)\s*\{")


def read_c_kernels(source: str, expanded: str, constants: Constants) -> Iterator[Registration]:
    """Every kernel that one preprocessed source registers through the C API."""
    if "TF_RegisterKernelBuilder" not in expanded or "buildtool_c_kernel" not in expanded:
        return
    functions = list(_FUNCTION.finditer(expanded))
    bounds = [*(match.start() for match in functions), len(expanded)][1:]
    for function, end in zip(functions, bounds, strict=True):
        body = expanded[function.end() : end]
        for actual in _instances(expanded, function):
            yield from _registrations(source, body, actual, constants)


def _instances(expanded: str, function: re.Match[str]) -> list[dict[str, str]]:
    """What the function's template parameter stands for, each time that it is called."""
    parameter, name = function.groups()
    if parameter is None:
        return [{}]
    calls = re.findall(rf"\b{name}\s*<([^()]+?)>\s*\(\s*\)", expanded)
    return [{parameter: actual} for actual in calls]


def _registrations(
    source: str, body: str, actual: dict[str, str], constants: Constants
) -> Iterator[Registration]:
    line, draft = 0, None
    for match in _CALL.finditer(body):
        function, arguments = match[1], [part.strip() for part in match[2].split(",")]
        if function == "buildtool_c_kernel" and names_something(arguments[1]):
            line, draft = int(arguments[0]), KernelDraft(source, constants)
            draft.set("Name", "", arguments[1])
            draft.set("Device", "", arguments[2])
        elif draft is None:  # the definition of such a function is no call
            continue
        elif function == "TF_KernelBuilder_TypeConstraint":
            draft.constrain(constants.string(arguments[1], source), _type(arguments[2], actual))
        elif function == "TF_RegisterKernelBuilder":
            yield draft.finish(kernel_class=constants.string(arguments[0], source), line=line)
            draft = None
        else:
            draft.set(function.removeprefix("TF_KernelBuilder_"), "", arguments[1])


def _type(text: str, actual: dict[str, str]) -> str:
    """The C++ type or DataType in ``static_cast<TF_DataType>(...)``, template filled in; the C
    API's own TF_FLOAT is DT_FLOAT."""
    inner = re.sub(r"^static_cast<\s*TF_DataType\s*>\((.*)\)$", r"\1", text)
    inner = re.sub(r"^TF_(?=[A-Z0-9_]+$)", "DT_", inner)
    for parameter, value in actual.items():
        inner = re.sub(rf"\b{parameter}\b", value, inner)
    return inner
