"""Do the tensors that nodes take exist in this tree, and are they of the type that is taken?

An op of another release may give fewer outputs, or take more or fewer inputs, or other types. The
rules are those of TensorFlow 1.8 and 2.14.1: ``graph_constructor.cc`` (``Convert``, ``MakeEdge``)
for the main graph, ``core/framework/function.cc`` for functions.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from buildtool.core.datatypes import short
from buildtool.core.values import NodeRef
from buildtool.model.graph_checks import AT_RUN, AT_SESSION, CUT, REEXPORT, Context
from buildtool.model.graphdef import Argument
from buildtool.model.specs import OpSpec, argument_types
from buildtool.model.variable_changes import CHANGE
from buildtool.model.walk import Site

_WRONG = f"if the graph was cut out of a larger one, do that again; else {REEXPORT}"

_KEEP = (
    "freeze a signature that does not change it; or give the SavedModel, or the checkpoint with "
    "its graph, and set the model's 'state' to 'keep'"
)


class _TensorTypes(NamedTuple):
    """What a reference stands for: the types of its tensors, None where nobody knows; or why there
    are none, and what to do about that."""

    types: tuple[str, ...] | None
    fault: str = ""
    todo: str = ""


class CheckedNode(NamedTuple):
    """A node, where it is, and whether nothing was found wrong with it alone. The types of one
    that is wrong say nothing."""

    site: Site
    where: NodeRef
    sound: bool


def check_edges(nodes: Iterable[CheckedNode], context: Context) -> None:
    """Check what nodes take of each other."""
    for _, body in groupby(nodes, key=lambda node: id(node.site.scope)):
        _check_body(tuple(body), context)


def _check_body(nodes: tuple[CheckedNode, ...], context: Context) -> None:
    """Check the main graph, or one instance of a function."""
    tensors = _Tensors(nodes, context)
    for node in nodes:
        if tensors.are_usual(node):
            continue
        for what, todo in _problems(node, tensors, context):
            context.findings.node(node.where, f"op {node.site.node.op}{what}", todo)
    function = nodes[0].site.function
    for reference in function.returns.values() if function else ():
        given = tensors[reference]
        if given.fault:
            what = f"its function returns {reference!r}: {given.fault}: {AT_RUN}"
            context.findings.node(nodes[0].where, what, given.todo)


def _problems(node: CheckedNode, tensors: _Tensors, context: Context) -> Iterator[tuple[str, str]]:
    """What is wrong with the inputs of one node: what follows its op's name, and what to do."""
    site, spec = node.site, node.site.spec
    when = AT_RUN if site.function else AT_SESSION
    references = [name for name in site.node.inputs if not name.startswith("^")]
    given = [tensors[reference] for reference in references]
    faults = [(name, found) for name, found in zip(references, given, strict=True) if found.fault]
    for name, found in faults:
        yield f": its input is {name!r}: {found.fault}: {when}", found.todo
    if faults or spec is None or spec.is_open:
        return
    if references and CHANGE.fullmatch(site.node.op) and tensors.is_constant(references[0]):
        name = references[0].partition(":")[0]
        yield f" changes {name!r}, a variable that freezing has made a constant: {when}", _KEEP
        return
    wanted = tensors.types_taken(site, spec)
    # In a function, one name may stand for several tensors: nobody knows how many.
    if wanted is None or (site.function and any(found.types is None for found in given)):
        return
    types = [dtype for found in given for dtype in (("",) if found.types is None else found.types)]
    if len(types) != len(wanted):
        late = AT_RUN if len(types) < len(wanted) else when
        what = f" takes {len(wanted)} inputs and has {len(types)}: {late}"
        yield what, context.todo(site, _WRONG)
        return
    for place, (takes, dtype) in enumerate(zip(wanted, types, strict=True)):
        if node.sound and dtype not in ("", takes):
            what = f": its input {place} must be {short(takes)} and is {short(dtype)}: {when}"
            yield what, context.todo(site, _WRONG)


class _Tensors:
    """The tensors of one body, by the names that its nodes have for them."""

    def __init__(self, nodes: Sequence[CheckedNode], context: Context) -> None:
        self._nodes = {node.site.node.name: node for node in nodes}
        self._several: set[str] = set()
        if len(self._nodes) < len(nodes):
            names = Counter(node.site.node.name for node in nodes)
            self._several = {name for name, count in names.items() if count > 1}
        self._context, self._scope = context, nodes[0].site.scope
        self._wanted: dict[int, tuple[str, ...] | None] = {}
        self._given: dict[tuple[int, str], _TensorTypes] = {}
        function = nodes[0].site.function
        self._arguments = {arg.name: arg for arg in function.inputs} if function else {}

    def are_usual(self, node: CheckedNode) -> bool:
        """Whether a node takes what it should, as far as that was seen of others like it: the first
        outputs of nodes that are known. For all else there are the rules."""
        site, given = node.site, self._given
        wanted = self._wanted.get(id(site.attrs))
        names = site.node.inputs
        if wanted is None or len(wanted) != len(names) or CHANGE.fullmatch(site.node.op):
            return False
        for takes, name in zip(wanted, names, strict=True):
            maker = self._nodes.get(name)
            if maker is None or not maker.sound or name in self._several:
                return False
            found = given.get((id(maker.site.attrs), ""))
            if found is None or found.types != (takes,):
                return False
        return True

    def types_taken(self, site: Site, spec: OpSpec) -> tuple[str, ...] | None:
        """The types that a node takes; None where its attributes do not say."""
        known = self._wanted.get(id(site.attrs), ())
        if known == ():
            known = argument_types(spec.inputs, site.attrs)
            if site.is_shared:
                self._wanted[id(site.attrs)] = known
        return known

    def is_constant(self, reference: str) -> bool:
        """Whether a tensor is a constant, handed on or not."""
        node = self._nodes.get(reference.partition(":")[0])
        seen = set[str]()
        while node is not None and node.site.node.op == "Identity" and node.site.node.inputs:
            if node.site.node.name in seen:
                return False
            seen.add(node.site.node.name)
            node = self._nodes.get(node.site.node.inputs[0].partition(":")[0])
        return node is not None and node.site.node.op == "Const"

    def __getitem__(self, reference: str) -> _TensorTypes:
        """What ``x``, ``x:1`` or, in functions, ``x:output:1`` stands for. A name that no node has
        is reported elsewhere."""
        name, _, rest = reference.partition(":")
        if name in self._arguments:
            types = argument_types([self._arguments[name]], self._scope)
            return _picked(types, rest, f"the function's argument {name!r}", lambda: CUT)
        node = self._nodes.get(name)
        if node is None or name in self._several or _is_unknown(node.site):
            return _TensorTypes(None)
        key = id(node.site.attrs), rest
        given = self._given.get(key) or self._of(node.site, rest)
        if node.site.is_shared and not given.fault:
            self._given[key] = given
        if given.types and not node.sound:
            return _TensorTypes(("",) * len(given.types))
        return given

    def _of(self, site: Site, rest: str) -> _TensorTypes:
        """What a node gives by the name ``rest``."""
        if site.spec is None:
            return _TensorTypes(None)
        op = f"op {site.node.op} of this tree"
        if site.spec.is_open:
            op = f"function {site.node.op!r}"
        todo = functools.partial(self._context.todo, site, CUT if site.spec.is_open else "")
        outputs: Sequence[Argument] = site.spec.outputs
        if site.function is None:
            return _picked(argument_types(outputs, site.attrs), rest or "0", op, todo)
        output, _, rest = rest.partition(":")
        outputs = [argument for argument in outputs if argument.name == output]
        if not outputs:
            return _TensorTypes(None, f"{op} has no output {output!r}", todo())
        return _picked(argument_types(outputs, site.attrs), rest, f"{output!r} of {op}", todo)


def _is_unknown(site: Site) -> bool:
    """Does nothing say what the node gives? A function that is called by its name does."""
    is_call = bool(site.calls) and site.calls[0].name == site.node.op
    return site.spec is None or (site.spec.is_open and not is_call)


def _picked(
    types: tuple[str, ...] | None, index: str, source: str, todo: Callable[[], str]
) -> _TensorTypes:
    """One tensor of those that ``source`` gives, or all of them where ``index`` is empty."""
    if types is None or not index:
        return _TensorTypes(types)
    if not index.isdecimal() or int(index) >= len(types):
        return _TensorTypes(
            None, f"{source} has {len(types)} output" + "s" * (len(types) != 1), todo()
        )
    return _TensorTypes((types[int(index)],))
