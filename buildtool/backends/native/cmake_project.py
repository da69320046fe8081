"""The native project: a plan written down as CMake and the headers that select kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtool.backends.common.selection_header import (
    Selections,
    render_ops_to_register,
    render_selections,
)
from buildtool.backends.native.lite_ops import render_lite_ops
from buildtool.backends.native.native_dependencies import Dependency, proto_name
from buildtool.backends.native.native_flags import LITE_CODE
from buildtool.backends.native.native_flavours import FULL, Flavour
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan, FileKind, PlannedFile
from buildtool.plan.build_plan import GENERATED, TENSORFLOW
from buildtool.rename.names import outer_namespace

# What CMake includes, and what it runs at build time.
SCRIPTS = ("pch_sum.cmake", "placeless.cmake", "rules.cmake", "take_protos.cmake")


def render_project(
    renderer: Renderer,
    plan: BuildPlan,
    *,
    selections: Selections,
    dependencies: Sequence[Dependency],
    proto_code: str,
    flavour: Flavour = FULL,
    everything: bool = False,
    protobuf_prefix: str | None = None,
) -> None:
    """Write the CMake project of ``plan`` under ``native/``, and ``ops_to_register.h``.

    ``selections`` are the kernel classes and ops of each file that registers some; ``proto_code``
    are protoc's options for the code that it makes, empty where it makes none. ``flavour`` is that
    of the runtime. With ``everything``, the files that are
    compiled register all that they can. ``protobuf_prefix`` is that of a renamed protobuf.
    """
    if flavour.selects:
        render_ops_to_register(renderer, plan, selections)
        renderer.render(
            "native/include/ops_to_register.h",
            "native/include/ops_to_register.h.j2",
            everything=everything,
        )
    library, *apart = (name.removeprefix("lib").removesuffix(".a") for name in flavour.archives)
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
        lite=proto_code == LITE_CODE,
        library=library,
        apart="".join(apart),
        part=flavour.part.name if flavour.part else "",
        generated=[file.path for file in plan.files if file.root == GENERATED],
    )
    renderer.render(
        "native/sources.cmake",
        "native/sources.cmake.j2",
        lists=[
            *source_lists(plan.files, dependencies, flavour),
            ("TENSORFLOW_PROTOS", _proto_names(plan.files, dependencies)),
            ("BUILDTOOL_SELECTIONS", [] if everything else list(selections)),
            *_users(plan, dependencies),
        ],
    )
    for script in SCRIPTS:
        renderer.render(f"native/{script}", f"native/{script}.j2")
    if any(file.root == GENERATED for file in plan.files):
        render_lite_ops(renderer, "native", plan)
    _render_headers(renderer, flavour, protobuf_prefix, lite=proto_code == LITE_CODE)
    _render_generated(renderer, dependencies)
    render_selections(renderer, "native/selection", selections)


def _render_headers(
    renderer: Renderer, flavour: Flavour, protobuf_prefix: str | None, *, lite: bool
) -> None:
    """The headers that are read before others, and those that stand for others."""
    renderer.render("native/tensorflow_prefix.h", flavour.prefix, headers=flavour.prefix_headers)
    if part := flavour.part:
        renderer.render(f"native/{part.name}_prefix.h", part.prefix, headers=part.prefix_headers)
    renderer.render(
        "native/dependency_prefix.h",
        "native/dependency_prefix.h.j2",
        headers=flavour.dependency_headers,
    )
    for shim in (*flavour.shims, *(flavour.lite_shims if lite else ())):
        renderer.render(
            f"native/include/{shim}",
            f"native/include/{shim}.j2",
            google=outer_namespace(protobuf_prefix),
            lite=lite,
        )


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
    files: Iterable[PlannedFile], dependencies: Sequence[Dependency], flavour: Flavour = FULL
) -> list[tuple[str, list[str]]]:
    """The CMake lists of files to compile: TensorFlow's, its protos', each dependency's."""
    chosen = sorted(files, key=lambda file: (file.root, file.path))
    others = [file for file in chosen if file.kind is not FileKind.PROTO]
    sources = [file.path for file in others if file.root == TENSORFLOW]
    part = flavour.part
    apart = [path for path in sources if part and part.takes(path)]
    return [
        ("TENSORFLOW_SOURCES", [path for path in sources if path not in {*apart}]),
        *([(f"{part.name.upper()}_SOURCES", apart)] if part else []),
        ("TENSORFLOW_PROTO_SOURCES", _proto_names(chosen, dependencies)),
        *(
            (
                f"{dependency.variable}_SOURCES",
                [f.path for f in others if f.root == dependency.name],
            )
            for dependency in dependencies
        ),
    ]


def _proto_names(files: Iterable[PlannedFile], dependencies: Sequence[Dependency]) -> list[str]:
    protos = (file for file in files if file.kind is FileKind.PROTO)
    return sorted(proto_name(file, dependencies) for file in protos)
