"""The native project: a plan written down as CMake and the headers that select kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtool.backends.common.selection_header import (
    PREFIX_HEADERS,
    Selections,
    render_ops_to_register,
    render_selections,
)
from buildtool.backends.native.native_dependencies import Dependency
from buildtool.backends.native.native_flags import DEPENDENCY_HEADERS
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan, FileKind, PlannedFile
from buildtool.plan.build_plan import TENSORFLOW
from buildtool.rename.names import outer_namespace

SHIMS = (
    "tensorflow/core/framework/attr_value.pb_text.h",
    "tensorflow/core/framework/tensor.pb_text.h",
    "tensorflow/core/framework/types.pb_text.h",
    "tensorflow/core/framework/registration/options.h",
)

# What CMake includes, and what it runs at build time.
SCRIPTS = ("pch_sum.cmake", "rules.cmake", "take_protos.cmake")


def render_project(
    renderer: Renderer,
    plan: BuildPlan,
    *,
    selections: Selections,
    dependencies: Sequence[Dependency],
    proto_code: str,
    everything: bool = False,
    protobuf_prefix: str | None = None,
) -> None:
    """Write the CMake project of ``plan`` under ``native/``, and ``ops_to_register.h``.

    ``selections`` are the kernel classes and ops of each file that registers some; ``proto_code``
    are protoc's options for the code that it makes. With ``everything``, the files that are
    compiled register all that they can. ``protobuf_prefix`` is that of a renamed protobuf.
    """
    render_ops_to_register(renderer, plan, selections)
    renderer.render(
        "native/CMakeLists.txt",
        "native/CMakeLists.txt.j2",
        target=plan.target,
        version=plan.tensorflow_version,
        defines=plan.defines,
        flags=plan.compile_flags,
        dependencies=dependencies,
        own=_own_folders(dependencies),
        proto_code=proto_code,
    )
    renderer.render(
        "native/sources.cmake",
        "native/sources.cmake.j2",
        lists=[
            *source_lists(plan.files, dependencies),
            ("TENSORFLOW_PROTOS", [f.path for f in plan.files if f.kind is FileKind.PROTO]),
            ("BUILDTOOL_SELECTIONS", [] if everything else list(selections)),
            *_users(plan, dependencies),
        ],
    )
    for script in SCRIPTS:
        renderer.render(f"native/{script}", f"native/{script}.j2")
    renderer.render(
        "native/tensorflow_prefix.h", "native/tensorflow_prefix.h.j2", headers=PREFIX_HEADERS
    )
    renderer.render(
        "native/dependency_prefix.h", "native/dependency_prefix.h.j2", headers=DEPENDENCY_HEADERS
    )
    renderer.render(
        "native/include/ops_to_register.h",
        "native/include/ops_to_register.h.j2",
        everything=everything,
    )
    for shim in SHIMS:
        renderer.render(
            f"native/include/{shim}",
            f"native/include/{shim}.j2",
            google=outer_namespace(protobuf_prefix),
        )
    _render_generated(renderer, dependencies)
    render_selections(renderer, "native/selection", selections)


def _render_generated(renderer: Renderer, dependencies: Sequence[Dependency]) -> None:
    """The headers that the dependencies' own builds would make."""
    for dependency in dependencies:
        for header in dependency.generated:
            place = f"native/config/{dependency.name}/{header}"
            renderer.render(place, f"{place}.j2", version=dependency.version)


def _own_folders(dependencies: Sequence[Dependency]) -> dict[str, list[str]]:
    """By dependency, the variables of the libraries on demand whose headers it finds: its own and
    those that it requires."""
    return {
        each.name: [
            item.variable
            for item in dependencies
            if item.on_demand and item.name in (each.name, *each.requires)
        ]
        for each in dependencies
    }


def _users(plan: BuildPlan, dependencies: Sequence[Dependency]) -> list[tuple[str, list[str]]]:
    """The CMake lists of TensorFlow's files that find the headers of each library on demand."""
    return [
        (
            f"{each.variable}_USERS",
            [file.path for file in plan.files if each.name in file.libraries],
        )
        for each in dependencies
        if each.on_demand
    ]


def source_lists(
    files: Iterable[PlannedFile], dependencies: Sequence[Dependency]
) -> list[tuple[str, list[str]]]:
    """The CMake lists of files to compile: TensorFlow's, its protos', each dependency's."""
    chosen = sorted(files, key=lambda file: (file.root, file.path))
    own = [file for file in chosen if file.root == TENSORFLOW]
    return [
        ("TENSORFLOW_SOURCES", [f.path for f in own if f.kind is not FileKind.PROTO]),
        ("TENSORFLOW_PROTO_SOURCES", [f.path for f in own if f.kind is FileKind.PROTO]),
        *(
            (
                f"{dependency.variable}_SOURCES",
                [f.path for f in chosen if f.root == dependency.name],
            )
            for dependency in dependencies
        ),
    ]
