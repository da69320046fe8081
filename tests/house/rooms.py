"""The rooms of the house: what each is for, and which others it may import.

This is the only such table. ``test_imports.py`` holds the code against it, and the one in
``docs/architecture.md`` is made of it: ``python -m tests.house.rooms --write``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from buildtool.core.render import write_if_changed
from tests.house.code import PROJECT

PAGE = PROJECT / "docs" / "architecture.md"
RENEW = "python -m tests.house.rooms --write"
BEGIN = f"<!-- Rooms: made by `{RENEW}`. -->"
END = "<!-- Rooms: end. -->"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A folder of ``buildtool/`` or a package beside it; ``uses`` are the rooms that it may import
    besides ``core``. ``modules`` are the dotted names that belong to it with all below them, where
    that is not ``buildtool.<name>``. ``face``: only that module itself, the others in its folder
    being rooms of their own."""

    name: str
    question: str
    uses: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    face: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The modules that belong to it, or below which all do."""
        return self.modules or ("buildtool." + self.name.replace("/", "."),)

    def closeness(self, module: str) -> int:
        """How closely it names a module: the length of the name that the module has, or stands
        below; 0 if it is not of this room."""
        whole = (name for name in self.names if module == name)
        within = (name for name in self.names if module.startswith(f"{name}.") and not self.face)
        return max(map(len, (*whole, *within)), default=0)


# Bottom up: a room imports only rooms that stand before it, so there can be no circle.
ROOMS = (
    Room(
        name="core",
        question="Errors (what, where, what to do), the one door to other processes, files written "
        "only when they change, and the values that travel between stages.",
    ),
    Room(
        name="config",
        question="What does the user want? Every value knows its file and line; the schema and its "
        "page come from the same definitions.",
    ),
    Room(
        name="binary",
        question="What do object files, archives, programs and link maps say of themselves?",
    ),
    Room(
        name="starlark",
        question="What do BUILD and `.bzl` files of a tree say?",
    ),
    Room(
        name="catalogue",
        question="Which kernels and ops does this tree register, in which files, under these "
        "defines?",
    ),
    Room(
        name="model",
        question="Which ops, with which types, do the models run on the device? A newer model in "
        "an older tree's words (`transforms/`).",
    ),
    Room(
        name="plan",
        question="Which kernels, files and flags, and why each? Pure: no file, no process.",
        uses=("model",),
    ),
    Room(
        name="sources",
        question="Where does a source come from, and is it the one that was locked?",
        uses=("config",),
    ),
    Room(
        name="rename",
        question="What is protobuf called when an app has one of its own?",
        uses=("config", "sources"),
    ),
    Room(
        name="machorun",
        question="What does a program for Apple's ARM64 do, run here? A package of its own.",
        modules=("machorun",),
    ),
    Room(
        name="tools",
        question="Which compilers, SDKs, NDK, Bazel, emulators and devices are here, and do they "
        "work?",
        uses=("config", "binary", "sources", "machorun"),
    ),
    Room(
        name="verify",
        question="Does what was built hold what was planned, and compute what TensorFlow computes?",
        uses=("binary",),
    ),
    Room(
        name="report",
        question="How large is it, what is in it, and why?",
        uses=("binary",),
    ),
    Room(
        name="answers",
        question="Why is something in a library, or why not? What changed from one build to "
        "another? What is in a file that somebody left behind? What would a change cost?",
        uses=("binary", "catalogue", "model", "plan", "report"),
    ),
    Room(
        name="profile",
        question="How long does a model take on the device, node by node and op by op?",
        uses=("model", "verify", "report"),
    ),
    Room(
        name="inspect",
        question="What is in a model? Ends, weights, work, memory, and its graph to look at.",
        uses=("model", "report"),
    ),
    Room(
        name="prepare",
        question="What becomes of a model before it ships, what does that gain, and what does it "
        "cost?",
        uses=("config", "model", "verify", "report"),
    ),
    Room(
        name="convert",
        question="What does TensorFlow's own converter make of a model for TensorFlow Lite, and "
        "what does that cost?",
        uses=("config", "model", "verify", "report", "prepare"),
    ),
    Room(
        name="doctor",
        question="Is this machine ready for a target?",
        uses=("sources", "tools"),
    ),
    Room(
        name="platforms",
        question="Facts of one platform: processors, flags, what an object must say of itself, "
        "which tools, which SDK, where its programs run.",
        uses=("config", "sources", "tools"),
    ),
    Room(
        name="backends/backend",
        question="What is a backend, what is it given to build, and what does each build say of "
        "itself?",
        modules=("buildtool.backends.backend", "buildtool.backends.fingerprint_object"),
        uses=("config", "starlark", "plan", "sources", "rename", "tools", "platforms"),
    ),
    Room(
        name="backends/common",
        question="What several backends do alike.",
        uses=(
            "config",
            "binary",
            "starlark",
            "catalogue",
            "plan",
            "rename",
            "tools",
            "platforms",
            "backends/backend",
        ),
    ),
    Room(
        name="backends/native",
        question="How is a 2.x tree compiled? By a generated CMake project.",
        uses=(
            "config",
            "binary",
            "starlark",
            "catalogue",
            "plan",
            "sources",
            "rename",
            "tools",
            "platforms",
            "backends/backend",
            "backends/common",
        ),
    ),
    Room(
        name="backends/makefile",
        question="How is a 1.x tree compiled? By its own makefile, in an overlay.",
        uses=(
            "config",
            "binary",
            "starlark",
            "catalogue",
            "plan",
            "sources",
            "rename",
            "tools",
            "platforms",
            "backends/backend",
            "backends/common",
        ),
    ),
    Room(
        name="backends/bazel",
        question="How is a tree compiled by Bazel? By its own BUILD files, in an overlay.",
        uses=(
            "config",
            "starlark",
            "catalogue",
            "plan",
            "sources",
            "tools",
            "platforms",
            "backends/backend",
            "backends/common",
        ),
    ),
    Room(
        name="backends",
        question="Which backends are there, and which one does a target get?",
        face=True,
        uses=(
            "config",
            "backends/backend",
            "backends/native",
            "backends/makefile",
            "backends/bazel",
        ),
    ),
    Room(
        name="runtimes/runtime",
        question="What runs the models, and what does that decide: how they are read and planned, "
        "what an app links, how it is proved?",
        uses=("config", "model", "plan", "verify", "backends/backend"),
    ),
    Room(
        name="runtimes/full",
        question="TensorFlow: which kernels do graphs need, for which types?",
        uses=(
            "config",
            "starlark",
            "catalogue",
            "model",
            "plan",
            "verify",
            "backends/backend",
            "runtimes/runtime",
        ),
    ),
    Room(
        name="runtimes/lite",
        question="TensorFlow Lite: which kernels do `.tflite` models need, in which versions?",
        uses=(
            "config",
            "catalogue",
            "model",
            "plan",
            "verify",
            "prepare",
            "convert",
            "backends/backend",
            "runtimes/runtime",
        ),
    ),
    Room(
        name="runtimes/flex",
        question="TensorFlow Lite with ops of TensorFlow itself: what do the models need of both?",
        uses=(
            "config",
            "model",
            "plan",
            "verify",
            "backends/backend",
            "runtimes/runtime",
            "runtimes/full",
            "runtimes/lite",
        ),
    ),
    Room(
        name="runtimes",
        question="Which runtimes are there, and which one does a target get?",
        face=True,
        uses=(
            "config",
            "platforms",
            "runtimes/runtime",
            "runtimes/full",
            "runtimes/lite",
            "runtimes/flex",
        ),
    ),
    Room(
        name="products/product",
        question="What is a product, what is it given to make, and what stands in `dist/`?",
        modules=(
            "buildtool.products.product",
            "buildtool.products.dist",
            "buildtool.products.dist_files",
            "buildtool.products.examples",
            "buildtool.products.zipped",
        ),
        uses=(
            "config",
            "plan",
            "tools",
            "verify",
            "platforms",
            "backends/backend",
            "runtimes/runtime",
        ),
    ),
    Room(
        name="products/static",
        question="Archives that an app links, with headers and flags.",
        uses=(
            "config",
            "plan",
            "tools",
            "verify",
            "report",
            "platforms",
            "backends/backend",
            "runtimes",
            "products/product",
        ),
    ),
    Room(
        name="products/xcframework",
        question="The archives of several ABIs, packed for Xcode.",
        uses=(
            "config",
            "binary",
            "plan",
            "tools",
            "verify",
            "platforms",
            "runtimes",
            "products/product",
            "products/static",
        ),
    ),
    Room(
        name="products/aar",
        question="Shared libraries that Java calls, packed for Android.",
        uses=(
            "config",
            "plan",
            "tools",
            "verify",
            "platforms",
            "backends/backend",
            "products/product",
        ),
    ),
    Room(
        name="products/shared",
        question="Shared libraries with the C API of TensorFlow, or of TensorFlow Lite, for apps "
        "of any language.",
        uses=(
            "config",
            "plan",
            "tools",
            "verify",
            "report",
            "platforms",
            "backends/backend",
            "runtimes/runtime",
            "runtimes",
            "products/product",
            "products/static",
        ),
    ),
    Room(
        name="products/prefab",
        question="Shared libraries of several ABIs, packed for an app's CMake.",
        uses=(
            "config",
            "tools",
            "verify",
            "platforms",
            "products/product",
            "products/aar",
            "products/shared",
        ),
    ),
    Room(
        name="products/java",
        question="The interface by which Java runs a model: native functions and classes.",
        uses=(
            "config",
            "tools",
            "verify",
            "platforms",
            "backends/backend",
            "products/product",
            "products/static",
            "products/aar",
        ),
    ),
    Room(
        name="products",
        question="Which products are there, and which one does a target get?",
        face=True,
        uses=(
            "config",
            "platforms",
            "products/product",
            "products/static",
            "products/xcframework",
            "products/aar",
            "products/shared",
            "products/prefab",
            "products/java",
        ),
    ),
    Room(
        name="apps",
        question="What does a small app for the model look like, and what of it is the user's?",
        uses=(
            "config",
            "tools",
            "platforms",
            "runtimes",
            "products/product",
            "products/xcframework",
            "products",
        ),
    ),
    Room(
        name="workflow",
        question="In which order? One module a step; the only room that knows all stages.",
        uses=(
            "config",
            "catalogue",
            "model",
            "plan",
            "sources",
            "rename",
            "tools",
            "verify",
            "report",
            "answers",
            "profile",
            "inspect",
            "prepare",
            "convert",
            "doctor",
            "platforms",
            "backends/backend",
            "backends",
            "runtimes/runtime",
            "runtimes",
            "products/product",
            "products",
            "apps",
        ),
    ),
    Room(
        name="cli",
        question="Which steps are there, when is each up to date, and what do people type? The "
        "only room that knows doit.",
        modules=("buildtool.cli", "buildtool.__main__", "dodo"),
        uses=(
            "config",
            "sources",
            "prepare",
            "convert",
            "platforms",
            "backends",
            "runtimes",
            "products",
            "apps",
            "workflow",
        ),
    ),
)
BY_NAME = {room.name: room for room in ROOMS}


def room_of(module: str) -> Room | None:
    """The room of a module: of those that would have it, the one that names it most closely."""
    closest = max(ROOMS, key=lambda room: room.closeness(module))
    return closest if closest.closeness(module) else None


def table() -> str:
    """The rooms as a table in Markdown, between the marks."""
    rows = [
        f"| `{room.name}` | {room.question} | {', '.join(f'`{name}`' for name in room.uses)} |"
        for room in ROOMS
    ]
    head = ("| room | question it answers | may import, besides `core` |", "|---|---|---|")
    return "\n".join((BEGIN, *head, *rows, END))


def renewed(page: str) -> str:
    """A page with the table of today.

    Raises:
        ValueError: it has no place for one.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        message = f"there are no lines '{BEGIN}' and '{END}' in {PAGE}"
        raise ValueError(message)
    return before + table() + after


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write it into {PAGE.name}")
    if parser.parse_args().write:
        write_if_changed(PAGE, renewed(PAGE.read_text(encoding="utf-8")))
    else:
        print(table())


if __name__ == "__main__":
    main()
