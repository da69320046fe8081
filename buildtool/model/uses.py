"""Op uses, gathered: each op with each combination of types once, with the nodes that use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter

from buildtool.core.values import AttrType, NodeRef, OpUse
from buildtool.model import runtime_ops
from buildtool.model.specs import Specs, argument_types, type_attrs
from buildtool.model.walk import Site


class Uses:
    """Collects the uses of all models and what the runtime adds to them."""

    def __init__(self, specs: Specs, deciding: Mapping[str, Iterable[str]]) -> None:
        self._specs = specs
        self._deciding = deciding
        self._nodes: dict[OpUse, list[NodeRef]] = {}
        self._caused: set[OpUse] = set()

    def add(self, use: OpUse, where: NodeRef) -> None:
        """Add one use, whose ``nodes`` are empty, by one node."""
        self._nodes.setdefault(use, []).append(where)

    def add_sites(self, sites: Iterable[tuple[Site, NodeRef]]) -> None:
        """Add nodes of one graph, with what their presence makes the runtime add."""
        known: dict[int, tuple[Site, list[NodeRef]]] = {}
        for site, where in sites:
            shared = known.get(id(site.attrs))
            if shared is not None:
                shared[1].append(where)
                continue
            nodes = self._add_site(site, where)
            if site.is_shared and nodes is not None:
                known[id(site.attrs)] = site, nodes

    def _add_site(self, site: Site, where: NodeRef) -> list[NodeRef] | None:
        """The nodes of the same use, if it is one."""
        if site.spec is None:
            return None
        if site.calls and site.calls[0].name == site.node.op:
            self._caused.update(runtime_ops.caused_by(runtime_ops.CALL, _ends(site), lowered=False))
            return None
        use = self.use_of(site)
        self.add(use, where)
        types = {attr.name: attr.types for attr in use.attrs}
        lowered = site.node.value(runtime_ops.LOWERED_ATTR, "bool") is True
        self._caused.update(runtime_ops.caused_by(use.op, types, lowered=lowered))
        return self._nodes[use]

    def use_of(self, site: Site) -> OpUse:
        """What a node asks for, whatever its name; of an unknown op only that is known."""
        label = site.node.value("_kernel", "string")
        return OpUse(
            op=site.node.op,
            attrs=type_attrs(site.spec, site.attrs) if site.spec else (),
            label=label.decode("utf-8", "replace") if isinstance(label, bytes) else "",
            settings=self._settings(site),
        )

    def _settings(self, site: Site) -> tuple[tuple[str, str], ...]:
        """Attributes besides types that kernels of the op are chosen by, as C++ writes them."""
        found = []
        for name in sorted(self._deciding.get(site.node.op, ())):
            value = site.attrs[name].decode().value if name in site.attrs else None
            if isinstance(value, bytes):
                found.append((name, value.decode("utf-8", "replace")))
            elif isinstance(value, int):
                found.append((name, str(value).lower()))
        return tuple(found)

    def result(self) -> tuple[OpUse, ...]:
        """All uses, sorted; one that a model has is not said to be added by the runtime."""
        reasons: dict[OpUse, set[str]] = {}
        for added in (*runtime_ops.always(), *self._caused):
            use = replace(added, attrs=self._with_defaults(added), added_by_runtime="")
            reasons.setdefault(use, set()).add(added.added_by_runtime)
        uses = [
            replace(use, nodes=tuple(sorted(nodes, key=_place)))
            for use, nodes in self._nodes.items()
        ]
        uses += [
            replace(use, added_by_runtime="; ".join(sorted(said)))
            for use, said in reasons.items()
            if use not in self._nodes
        ]
        return tuple(sorted(uses, key=_order))

    def _with_defaults(self, use: OpUse) -> tuple[AttrType, ...]:
        """The type attributes of an op that the runtime adds, with the tree's defaults."""
        spec = self._specs[use.op]
        if spec is None or not use.attrs:
            return use.attrs
        defaults = {name: attr.default for name, attr in spec.attrs.items() if attr.default}
        known = {attr.name for attr in use.attrs}
        return tuple(
            sorted(
                (*use.attrs, *(a for a in type_attrs(spec, defaults) if a.name not in known)),
                key=lambda attr: attr.name,
            )
        )


def _ends(site: Site) -> dict[str, tuple[str, ...]]:
    """Types of the arguments and results of a call by a function's name."""
    spec = site.spec
    ends = {"Tin": spec.inputs, "Tout": spec.outputs} if spec else {}
    return {name: argument_types(args, site.attrs) or () for name, args in ends.items()}


_place = attrgetter("model", "function", "node")


def _order(use: OpUse) -> tuple[object, ...]:
    attrs = [(attr.name, attr.types) for attr in use.attrs]
    return use.op, use.label, attrs, use.settings, use.kernel_class, use.added_by_runtime
