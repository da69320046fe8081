"""Each room imports what the table of rooms lets it import, and nothing runs in circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from buildtool.platforms import PLATFORMS
from tests.house.code import circle, imports, modules
from tests.house.rooms import BY_NAME, PAGE, RENEW, ROOMS, renewed, room_of

# Empty packages: they hold rooms and are none.
HALLS = {"buildtool"}
# Who may import it; all others go through core/run.py and cli.
DOORS = {
    "subprocess": {"buildtool.core.run"},
    "doit": {
        "buildtool.__main__",
        "buildtool.cli.init_command",
        "buildtool.cli.loaded_targets",
        "buildtool.cli.reporter",
        "buildtool.cli.tasks",
    },
}
STARTERS = ("exec", "fork", "popen", "posix_spawn", "spawn", "startfile", "system")


def crossings() -> Iterator[tuple[str, str]]:
    """The imports from one room into another."""
    for module, named in sorted(imports().items()):
        for other in sorted(named):
            ours, theirs = room_of(module), room_of(other)
            if ours is not theirs and theirs is not None and theirs.name != "core":
                yield module, other


def test_every_module_has_a_room() -> None:
    homeless = {name for name in modules() if room_of(name) is None}
    assert homeless == HALLS


def test_a_room_uses_only_rooms_that_stand_before_it() -> None:
    before: set[str] = set()
    for room in ROOMS:
        assert set(room.uses) <= before, room.name
        before.add(room.name)
    assert len(before) == len(ROOMS)


def test_rooms_import_what_the_table_says() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, other in crossings()
        if room_name(other) not in BY_NAME[room_name(module)].uses
    ]
    todo = "move what is needed to an earlier room; the table is tests/house/rooms.py"
    assert not wrong, "\n".join((*wrong, todo))


def test_the_table_allows_nothing_that_no_module_needs() -> None:
    used = {(room_name(module), room_name(other)) for module, other in crossings()}
    allowed = {(room.name, other) for room in ROOMS for other in room.uses}
    assert allowed <= used


def test_no_platform_imports_another() -> None:
    own = {f"buildtool.platforms.{name}" for name in PLATFORMS}
    assert own <= set(modules())
    assert not {name: other for name in own for other in imports()[name] & own}


def test_core_imports_nothing_of_the_project() -> None:
    out = [
        name
        for name, named in imports().items()
        if room_name(name) == "core"
        for other in named
        if room_name(other) != "core"
    ]
    assert not out


def test_no_module_imports_itself_in_a_circle() -> None:
    assert circle(imports()) == []


def test_no_import_hides_from_this_test() -> None:
    """Who names modules as texts: the emulator its own, so that a missing library is told; and the
    tasks those of the steps, so that a list of tasks loads none of them."""
    found = {
        name
        for name, module in modules().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and getattr(node, "attr", getattr(node, "id", "")) in {"import_module", "__import__"}
    }
    assert found == {"machorun.__main__", "buildtool.cli.tasks"}


@pytest.mark.parametrize("library", DOORS)
def test_one_door(library: str) -> None:
    found = {
        name
        for name, module in modules().items()
        if any(source.split(".")[0] == library for source, _ in module.imported())
    }
    assert found == DOORS[library]


def test_nothing_else_starts_programs() -> None:
    """``os.system`` and its like; a program that Python itself starts."""
    calls = [
        f"{module.path}:{node.lineno}: os.{node.attr}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr.startswith(STARTERS)
    ]
    named = [
        f"{module.path}: {source}.{name}"
        for module in modules().values()
        for source, name in module.imported()
        if source.split(".")[0] in {"multiprocessing", "pty"}
        or (source == "os" and name.startswith(STARTERS))
        or (source == "asyncio" and "subprocess" in name)
    ]
    assert not calls + named


def test_the_page_has_the_table_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), f"run: {RENEW}"


def room_name(module: str) -> str:
    """The name of a module's room, empty if it has none."""
    room = room_of(module)
    return room.name if room else ""
