"""Kernel and op registrations, read from what the preprocessor made of their macros."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from buildtool.catalogue.constants import Constants, literal
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import AttrCondition, OpRegistration, Registration, TypeConstraint

_KERNEL = re.compile(
    r'buildtool_kernel ([01]) (\d+) "[^"]*" ("(?:[^"\\]|\\.)*")(.*?)\bbuildtool_end', re.DOTALL
)
_OP = re.compile(r'buildtool_(?:c_)?op ([01]) (\d+) "[^"]*"(.*?)\bbuildtool_end', re.DOTALL)
_NAME = re.compile(r"\s*[\w:]+\s*")
# .Method<Type>(arguments), with up to two more levels of parentheses in the arguments.
_CALL = re.compile(
    r"\s*\.?\s*(\w+)\s*(?:<([^()]*?)>)?\s*"
    r"\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)"
)


def read_kernels(source: str, expanded: str, constants: Constants) -> Iterator[Registration]:
    """Every kernel registration of one preprocessed source.

    Raises:
        ConfigError: a registration is not of the form ``Name(...).Method(...)``.
    """
    for system, line, class_text, builder in _KERNEL.findall(expanded):
        draft = KernelDraft(source, constants)
        draft.read(builder, f"{source}:{line}")
        kernel_class = json.loads(class_text)
        yield draft.finish(kernel_class=kernel_class, line=int(line), system=system == "1")


def read_ops(source: str, expanded: str, constants: Constants) -> Iterator[OpRegistration]:
    """Every op registration of one preprocessed source."""
    for system, line, text in _OP.findall(expanded):
        if names_something(text):
            op = constants.string(text, source)
            yield OpRegistration(op=op, source=source, line=int(line), system=system == "1")


def names_something(text: str) -> bool:
    """Whether ``text`` is a string or a name; in the declaration of a function it is neither."""
    return literal(text) is not None or _NAME.fullmatch(text) is not None


class KernelDraft:
    """Collects what the methods of a KernelDefBuilder set (``framework/kernel_def_builder.h``)."""

    def __init__(self, source: str, constants: Constants) -> None:
        self._source = source
        self._constants = constants
        self._texts = {"Name": "", "Device": "", "Label": ""}
        self._priority = 0
        self._constraints: list[TypeConstraint] = []
        self._conditions: list[AttrCondition] = []
        self._host_memory: list[str] = []

    def read(self, builder: str, where: str) -> None:
        """Take in a whole builder expression; ``where`` is for the error."""
        position, end = 0, len(builder.rstrip())
        while position < end:
            call = _CALL.match(builder, position)
            if call is None:
                what = f"cannot read this kernel registration: {builder.strip()}"
                todo = 'it should begin with Name("...") and go on with .Device(...) and the like'
                raise ConfigError(Problem(where=where, what=what, todo=todo))
            self.set(call[1], call[2] or "", call[3])
            position = call.end()

    def set(self, method: str, template: str, arguments: str) -> None:
        """Take in one call. Methods that a newer TensorFlow may add are passed over."""
        if method in self._texts:
            self._texts[method] = self._constants.string(arguments, self._source)
        elif method == "HostMemory":
            self._host_memory.append(self._constants.string(arguments, self._source))
        elif method == "Priority":
            self._priority = int(arguments)
        elif method in {"TypeConstraint", "AttrConstraint"}:
            first, _, second = arguments.partition(",")
            attr = self._constants.string(first, self._source)
            if method == "TypeConstraint":
                self.constrain(attr, second or template)
            else:
                self._conditions.append(AttrCondition(attr=attr, values=_values(second)))

    def constrain(self, attr: str, types: str) -> None:
        """Allow only ``types``, C++ text, for ``attr``."""
        names = self._constants.types(types, self._source)
        self._constraints.append(TypeConstraint(attr=attr, types=names))

    def finish(self, *, kernel_class: str, line: int, system: bool = False) -> Registration:
        """Give the registration."""
        return Registration(
            op=self._texts["Name"],
            device=self._texts["Device"],
            label=self._texts["Label"],
            kernel_class=kernel_class,
            source=self._source,
            line=line,
            constraints=tuple(self._constraints),
            priority=self._priority,
            host_memory=tuple(self._host_memory),
            system=system,
            conditions=tuple(self._conditions),
        )


def _values(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in text.strip(" {}\n").split(","))
