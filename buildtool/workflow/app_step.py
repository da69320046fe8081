"""The step ``app``: a small app that runs the target's model, written where the user goes on with
it."""

from __future__ import annotations

from pathlib import Path

from buildtool.apps import load_app_build
from buildtool.apps.app_facts import find_facts
from buildtool.apps.app_files import Written, write_app
from buildtool.config import slice_targets
from buildtool.core.paths import Layout
from buildtool.core.render import Renderer
from buildtool.workflow.kept import load_models, load_plan
from buildtool.workflow.workspace import Workspace

FOLDER = Path("apps")


def run(work: Workspace) -> str:
    """Write the app, but for what the user has changed in it. Returns a line.

    Raises:
        ConfigError: it cannot be known what the model is fed with; all reasons.
    """
    read = _read_layout(work)
    facts = find_facts(work.target, load_models(read), read)
    place = FOLDER / work.target.id
    renderer = Renderer(work.target.root / place)
    build = load_app_build(work.target)
    files = build.render(
        renderer,
        work.target,
        facts,
        dist=work.layout.dist,
        version=load_plan(read).tensorflow_version,
    )
    written = write_app(renderer.folder, files)
    for name in written.kept:
        work.say(f"{place / name}: stays as it is: it was changed, or was there before")
    for name in written.gone:
        work.say(f"{place / name}: removed, the app does not need it any more")
    work.say(f"next: buildtool build:{work.target.id}, if it is not built yet")
    work.say(f"      {build.how.format(app=place)}")
    return f"{place}: {_counted(written)}"


def _read_layout(work: Workspace) -> Layout:
    """The files of the target, or those of its first slice: all slices run the same models."""
    first = next(iter(slice_targets(work.target)), work.target)
    return Layout(folder=work.layout.folder.parent / first.id)


def _counted(written: Written) -> str:
    counts = {
        "written": len(written.new),
        "renewed": len(written.renewed),
        "as it was": len(written.same),
        "kept": len(written.kept),
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{told} of {sum(counts.values())} files"
