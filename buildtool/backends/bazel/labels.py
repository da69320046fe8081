"""The tree's own Bazel targets of what can be built for Android.

Labels: ``tensorflow/contrib/android/BUILD`` (1.0 to 1.12),
``tensorflow/tools/android/inference_interface/BUILD`` (2.14.1),
``tensorflow/tools/benchmark/BUILD`` and ``tensorflow/examples/android/BUILD`` (1.0 to 1.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildtool.config import Target
from buildtool.core.errors import ConfigError, Problem
from buildtool.platforms.android_parts import chosen_parts

PACKAGE = "buildtool"  # of the overlay: what the tree itself has no target for
_OLD, _NEW = "tensorflow/contrib/android", "tensorflow/tools/android/inference_interface"


@dataclass(frozen=True, kw_only=True)
class PartTarget:
    """``labels`` are where trees have a part, by the BUILD file that tells; ``ending`` is the name
    of the file which Bazel makes."""

    labels: tuple[str, ...]
    ending: str


TARGETS: Mapping[str, PartTarget] = {
    "inference": PartTarget(
        labels=tuple(f"//{place}:libtensorflow_inference.so" for place in (_OLD, _NEW)),
        ending="libtensorflow_inference.so",
    ),
    "java": PartTarget(
        labels=tuple(f"//{place}:android_tensorflow_inference_java" for place in (_OLD, _NEW)),
        ending="libandroid_tensorflow_inference_java.jar",
    ),
    "portable": PartTarget(
        labels=(f"//{PACKAGE}:libtensorflow_portable.so",), ending="libtensorflow_portable.so"
    ),
    "benchmark": PartTarget(
        labels=("//tensorflow/tools/benchmark:benchmark_model",), ending="benchmark_model"
    ),
    "demo": PartTarget(
        labels=("//tensorflow/examples/android:tensorflow_demo",), ending="tensorflow_demo.apk"
    ),
}


def find_labels(target: Target, tree: Path) -> Mapping[str, str]:
    """The label of each part that is asked for, in this tree.

    Raises:
        ConfigError: the tree has no such target; all of them.
    """
    found = {each.name: _label(TARGETS[each.name], tree) for each in chosen_parts(target)}
    lacking = [name for name, label in found.items() if not label]
    if lacking:
        raise ConfigError(
            Problem(
                where=target.where("android.build"),
                what=f"android.build: this tree has no target for '{name}', which would be "
                + " or ".join(TARGETS[name].labels),
                todo=f"leave out {name}",
            )
            for name in lacking
        )
    return found


def _label(part: PartTarget, tree: Path) -> str:
    """The first of its labels whose BUILD file is there and says its name; empty if none does."""
    for label in part.labels:
        package, _, name = label[2:].partition(":")
        path = tree / package / "BUILD"
        if package == PACKAGE:
            return label
        if path.is_file() and f'"{name}"' in path.read_text(encoding="utf-8", errors="replace"):
            return label
    return ""
