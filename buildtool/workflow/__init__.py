"""The stages of one target, in order. Each function is one step that can run alone: it reads what
the steps before it left under ``build/<target id>/`` and leaves its own result there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from buildtool.config import Target
from buildtool.core.plain_paths import plain
from buildtool.platforms import find_platform
from buildtool.platforms.facts import ARCHIVES
from buildtool.sources import Cache
from buildtool.workflow import jni_steps as jni
from buildtool.workflow.compile_step import compile_library, generate
from buildtool.workflow.plan_step import plan
from buildtool.workflow.verify_step import finish, package, prove, size
from buildtool.workflow.workspace import Workspace


def run_step(step: str, target: Target, folder: Path, *, offline: bool) -> str:
    """Run one step of one target; returns a line that says what it did.

    Raises:
        BuildToolError: whatever is wrong, in the words of the stage that found it.
    """
    work = Workspace(
        target=target,
        folder=plain(target.root) / folder.relative_to(target.root),
        cache=Cache(root=plain(Cache.of_user().root)),
        offline=offline,
        say=lambda text: print(f"{step}:{target.id}: {text}", flush=True),
    )
    return STEPS[find_platform(target.platform).artefact][step](work)


Steps = Mapping[str, Callable[[Workspace], str]]
_STEPS: Steps = {
    "plan": plan,
    "generate": generate,
    "compile": compile_library,
    "verify": prove,
    "size": size,
    "build": finish,
    "package": package,
}
# The steps of each artefact that a platform's apps can get.
STEPS: Mapping[str, Steps] = {
    ARCHIVES: _STEPS,
    "jni": {
        **_STEPS,
        "generate": jni.generate,
        "compile": jni.compile_library,
        "verify": jni.prove,
        "size": jni.size,
    },
}
