"""What make reads besides the tree: a plan written down as makefile and headers."""

from __future__ import annotations

from buildtool.backends.common.selection_header import (
    PREFIX_HEADERS,
    Selections,
    render_ops_to_register,
    render_selections,
)
from buildtool.backends.makefile.makefile_flags import LITE
from buildtool.core.render import Renderer
from buildtool.core.values import BuildPlan
from buildtool.plan.build_plan import selections
from buildtool.rename.names import outer_namespace

MESSAGE_LITE = "protobuf/message_lite.h"
FOLDER = "makefile"
MORE = "selection.mk"


def object_name(path: str) -> str:
    """The object that the makefile makes of a file, below its folder of objects."""
    if path.endswith(".proto"):
        return path.removesuffix(".proto") + ".pb.o"
    return path.rpartition(".")[0] + ".o"


def render_project(
    renderer: Renderer,
    plan: BuildPlan,
    *,
    everything: bool = False,
    protobuf_prefix: str | None = None,
) -> None:
    """Write what make reads of ``plan`` under ``makefile/``, and ``ops_to_register.h``. With
    ``everything``, the files that are compiled register all that they can. ``protobuf_prefix`` is
    that of a renamed protobuf."""
    chosen: Selections = selections(plan)
    render_ops_to_register(renderer, plan, chosen)
    per_file = {} if everything else chosen
    renderer.render(
        f"{FOLDER}/{MORE}",
        "makefile/selection.mk.j2",
        selections=[(source, object_name(source)) for source in per_file],
    )
    renderer.render(
        f"{FOLDER}/tensorflow_prefix.h", "makefile/tensorflow_prefix.h.j2", headers=PREFIX_HEADERS
    )
    renderer.render(
        f"{FOLDER}/include/ops_to_register.h",
        "makefile/include/ops_to_register.h.j2",
        everything=everything,
    )
    if LITE in plan.defines:
        google = outer_namespace(protobuf_prefix)
        renderer.render(
            f"{FOLDER}/include/{google}/{MESSAGE_LITE}",
            f"makefile/include/google/{MESSAGE_LITE}.j2",
            google=google,
        )
    render_selections(renderer, f"{FOLDER}/selection", per_file)
