"""What keeps Python from importing a graph that a session in C++ takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def unpin(nodes: Iterable[Any]) -> None:
    """Let TensorFlow's own nodes run on any device: not on another machine's, nor beside nodes that
    are gone."""
    for node in nodes:
        node.device = ""
        if "_class" in node.attr:
            del node.attr["_class"]
