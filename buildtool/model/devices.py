"""Device names in nodes: does a session on one CPU have what a node is pinned to?

The form is that of ``core/util/device_name_utils.cc`` of TensorFlow (``ParseFullName``), where the
parts may be left out: ``/job:worker/replica:0/task:1/device:GPU:0``, or ``/gpu:0`` as old graphs
have it. Nodes are placed by ``common_runtime/colocation_graph.cc``.
"""

from __future__ import annotations

import re

_PLACE = re.compile(r"(job|replica|task):(.+)")
_DEVICE = re.compile(r"(?:device:)?(\w+|\*)(?::(\d+|\*))?")
# What a session without a cluster and with one CPU calls its own.
_OWN = {"job": {"localhost", "*"}, "replica": {"0", "*"}, "task": {"0", "*"}}
_FIRST = {"", "0", "*"}


def is_own_cpu(device: str) -> bool:
    """Whether ``device``, empty for any, is the only one that a small device has."""
    return all(_is_own(part) for part in device.split("/") if part)


def _is_own(part: str) -> bool:
    if place := _PLACE.fullmatch(part):
        return place[2] in _OWN[place[1]]
    found = _DEVICE.fullmatch(part)
    return found is not None and found[1].upper() in ("CPU", "*") and (found[2] or "") in _FIRST
