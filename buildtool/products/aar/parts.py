"""What can be built for Android: where the tree has it, and what it is called for an app.

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

FACTS = "android.json"  # below dist: what the libraries were made with
PACKAGE = "buildtool"  # of the overlay: what the tree itself has no target for


@dataclass(frozen=True, kw_only=True)
class Product:
    """One thing to build. ``labels`` are where trees have it, by the BUILD file that tells;
    ``file`` is its name in ``dist``, ``ending`` that of the file which Bazel makes. ``kind`` is
    ``library``, ``classes``, ``program`` or ``app``."""

    name: str
    kind: str
    labels: tuple[str, ...]
    file: str
    ending: str

    def place(self, abi: str) -> str:
        """Where it stands below ``dist``."""
        folder = {"library": f"jni/{abi}/", "program": f"bin/{abi}/"}.get(self.kind, "")
        return f"{folder}{self.file}"


_OLD, _NEW = "tensorflow/contrib/android", "tensorflow/tools/android/inference_interface"
PRODUCTS: Mapping[str, Product] = {
    each.name: each
    for each in (
        Product(
            name="inference",
            kind="library",
            labels=tuple(f"//{place}:libtensorflow_inference.so" for place in (_OLD, _NEW)),
            file="libtensorflow_inference.so",
            ending="libtensorflow_inference.so",
        ),
        Product(
            name="java",
            kind="classes",
            labels=tuple(f"//{place}:android_tensorflow_inference_java" for place in (_OLD, _NEW)),
            file="tensorflow-inference.jar",
            ending="libandroid_tensorflow_inference_java.jar",
        ),
        Product(
            name="portable",
            kind="library",
            labels=(f"//{PACKAGE}:libtensorflow_portable.so",),
            file="libtensorflow_portable.so",
            ending="libtensorflow_portable.so",
        ),
        Product(
            name="benchmark",
            kind="program",
            labels=("//tensorflow/tools/benchmark:benchmark_model",),
            file="benchmark_model",
            ending="benchmark_model",
        ),
        Product(
            name="demo",
            kind="app",
            labels=("//tensorflow/examples/android:tensorflow_demo",),
            file="tensorflow_demo.apk",
            ending="tensorflow_demo.apk",
        ),
    )
}


def chosen(target: Target) -> tuple[Product, ...]:
    """What the target asks for, each once and in the order above."""
    return tuple(each for name, each in PRODUCTS.items() if name in target.android.build)


def places(target: Target) -> tuple[str, ...]:
    """Where all of it stands below ``build/<target id>``."""
    found = (f"dist/{each.place(target.abi)}" for each in chosen(target))
    return (*found, f"dist/{FACTS}")


def labels(target: Target, tree: Path) -> Mapping[str, str]:
    """The label of each product that is asked for, in this tree.

    Raises:
        ConfigError: the tree has no such target; all of them.
    """
    found = {each.name: _label(each, tree) for each in chosen(target)}
    lacking = [name for name, label in found.items() if not label]
    if lacking:
        raise ConfigError(
            Problem(
                where=target.where("android.build"),
                what=f"android.build: this tree has no target for '{name}', which would be "
                + " or ".join(PRODUCTS[name].labels),
                todo=f"leave out {name}",
            )
            for name in lacking
        )
    return found


def _label(product: Product, tree: Path) -> str:
    """The first of its labels whose BUILD file is there and says its name; empty if none does."""
    for label in product.labels:
        package, _, name = label[2:].partition(":")
        path = tree / package / "BUILD"
        if package == PACKAGE:
            return label
        if path.is_file() and f'"{name}"' in path.read_text(encoding="utf-8", errors="replace"):
            return label
    return ""
