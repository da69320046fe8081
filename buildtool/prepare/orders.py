"""What one model's preparation is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from buildtool.config import Prepare
from buildtool.model.opening import OpenedModel
from buildtool.prepare.trials import Inputs


@dataclass(frozen=True, kw_only=True)
class Order:
    """A model and what is to be done with it. ``where`` is where its target says so, ``key`` the
    key; ``tolerance`` the model's own. ``inputs`` are the values of each run, and ``samples`` is
    where its target names them."""

    opened: OpenedModel
    keys: Prepare
    key: str
    where: str
    tolerance: float
    shapes: dict[str, tuple[int, ...]]
    inputs: Sequence[Inputs]
    fed: str
    samples: str
