"""What can be built for Android, and what each part is called for an app.

Names: those of the tree's own targets, ``tensorflow/contrib/android/BUILD`` (1.0 to 1.12),
``tensorflow/tools/android/inference_interface/BUILD`` (2.14.1) and
``tensorflow/tools/benchmark/BUILD`` (1.0 to 1.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from buildtool.config import Target
from buildtool.core.paths import WITHIN

FACTS = "android.json"  # below dist: what the libraries were made with
# The part whose functions Java calls.
CALLED = "inference"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing to build. ``file`` is its name in ``dist``; ``kind`` is ``library``, ``classes``,
    ``program`` or ``app``."""

    name: str
    kind: str
    file: str

    def place(self, abi: str) -> str:
        """Where it stands below ``dist``."""
        folder = {"library": f"jni/{abi}/", "program": f"bin/{abi}/"}.get(self.kind, "")
        return f"{folder}{self.file}"


PARTS: Mapping[str, Part] = {
    each.name: each
    for each in (
        Part(name=CALLED, kind="library", file="libtensorflow_inference.so"),
        Part(name="java", kind="classes", file="tensorflow-inference.jar"),
        Part(name="portable", kind="library", file="libtensorflow_portable.so"),
        Part(name="benchmark", kind="program", file="benchmark_model"),
        Part(name="demo", kind="app", file="tensorflow_demo.apk"),
    )
}


def chosen_parts(target: Target, kind: str = "") -> tuple[Part, ...]:
    """What the target asks for, each once and in the order above; of one ``kind``, if given."""
    named = (each for name, each in PARTS.items() if name in target.android.build)
    return tuple(each for each in named if kind in ("", each.kind))


def part_places(target: Target) -> tuple[str, ...]:
    """Where all of it stands below ``build/<target id>``."""
    found = (str(WITHIN.dist / each.place(target.abi)) for each in chosen_parts(target))
    return (*found, str(WITHIN.dist / FACTS))
