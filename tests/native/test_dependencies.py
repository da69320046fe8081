from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.common.selection_header import PREFIX_HEADERS
from buildtool.backends.native.native_dependencies import (
    Dependency,
    dependency_sources,
    load_dependencies,
    planned_dependencies,
    with_required,
)
from buildtool.backends.native.native_flavours import FLAVOURS
from buildtool.core.errors import ConfigError
from buildtool.core.paths import LOCK, TEMPLATES
from buildtool.core.values import BuildPlan, FileKind, PlannedFile
from buildtool.plan.runtime_roots import runtime_roots
from buildtool.sources import Cache, load_lock
from buildtool.tools.linkers import OBJECT_FORMATS

FORM = """\
"2.14":
  - name: some-lib
    source: some-lib-1
    include: [src]
    sources: ["src/**/*.cc", "src/x.c"]
    exclude: ["*test*"]
"""


def test_reads_what_a_version_needs(tmp_path: Path) -> None:
    data = tmp_path / "dependencies.yaml"
    data.write_text(FORM)
    for version in ("2.14.0", "2.14.1", "2.14.1-rc1"):
        (found,) = load_dependencies(version, "elf", data=data)
        assert (found.name, found.source, found.include) == ("some-lib", "some-lib-1", ("src",))
        assert found.variable == "SOME_LIB"


def test_a_version_that_nobody_knows(tmp_path: Path) -> None:
    data = tmp_path / "dependencies.yaml"
    data.write_text(FORM)
    with pytest.raises(ConfigError) as caught:
        load_dependencies("2.141.0", "elf", data=data)
    (problem,) = caught.value.problems
    assert problem.where == "TensorFlow 2.141.0"
    assert "does not know the dependencies of this version" in problem.what
    assert problem.todo == "it knows 2.14; add '2.141' to dependencies.yaml"


def test_globs_say_what_may_be_compiled(tmp_path: Path) -> None:
    names = ("src/a.cc", "src/b/c.cc", "src/b/c_test.cc", "src/x.c", "src/y.c", "src/x.c.h")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    dependency = Dependency(
        name="a", source="a-1", sources=("src/**/*.cc", "src/x.c", "src/*.cc"), exclude=("*test*",)
    )
    assert dependency_sources(dependency, tmp_path) == ("src/a.cc", "src/b/c.cc", "src/x.c")
    assert dependency_sources(Dependency(name="b", source="b-1"), tmp_path) == ()


def test_what_is_required_is_built_too() -> None:
    needs = {"a": ("b",), "b": ("c",), "c": ("a",), "d": ()}
    dependencies = [Dependency(name=n, source=n, requires=r) for n, r in needs.items()]
    assert with_required(["a"], dependencies) == ("a", "b", "c")
    assert with_required(["d"], dependencies) == ("d",)
    assert with_required([], dependencies) == ()


def test_a_library_on_demand_is_there_where_the_plan_offers_its_files() -> None:
    def names(*roots: str) -> set[str]:
        files = (
            PlannedFile(root=root, path="a", kind=FileKind.DEPENDENCY, reason="", required=False)
            for root in roots
        )
        plan = BuildPlan(
            target="t", tensorflow_version="2.14.1", tree_digest="", models=(), defines=(),
            compile_flags=(), link_flags=(), ops=(), kernels=(), types=(), files=tuple(files),
        )  # fmt: skip
        return {item.name for item in planned_dependencies(plan, "elf")}

    always = names()
    assert {"abseil", "eigen", "protobuf", "re2"} <= always
    assert names("icu", "zlib") - always == {"icu", "zlib"}


def test_a_form_for_other_objects_only(tmp_path: Path) -> None:
    data = tmp_path / "dependencies.yaml"
    data.write_text(FORM + "    formats: [elf]\n")
    assert load_dependencies("2.14.1", "macho", data=data) == ()
    assert len(load_dependencies("2.14.1", "elf", data=data)) == 1


@pytest.fixture(scope="module", params=OBJECT_FORMATS)
def dependencies(request: pytest.FixtureRequest) -> tuple[Dependency, ...]:
    return load_dependencies("2.14.1", request.param)


class TestData:
    """What ``data/`` says, against the lock and the real trees."""

    def test_every_source_is_locked_and_has_licences(
        self, dependencies: tuple[Dependency, ...]
    ) -> None:
        lock = load_lock(LOCK)
        for dependency in dependencies:
            assert lock[dependency.source].licences, dependency.name

    def test_names_are_told_apart(self, dependencies: tuple[Dependency, ...]) -> None:
        assert len({each.variable for each in dependencies}) == len(dependencies)
        assert "TENSORFLOW" not in {each.variable for each in dependencies}

    def test_what_is_built_on_demand_is_asked_for(
        self, dependencies: tuple[Dependency, ...]
    ) -> None:
        names = {each.name for each in dependencies}
        required = {name for each in dependencies for name in each.requires}
        assert required <= names
        for each in dependencies:
            assert each.on_demand == bool(each.headers or each.name in required), each.name
            for header in each.generated:
                assert (TEMPLATES / f"native/config/{each.name}/{header}.j2").is_file(), header

    @pytest.mark.real_tree
    def test_every_glob_and_folder_is_there(self, dependencies: tuple[Dependency, ...]) -> None:
        lock = load_lock(LOCK)
        for dependency in dependencies:
            locked = lock[dependency.source]
            roots = sorted(
                Cache.of_user().root.glob(f"trees/{dependency.source}-{locked.tree[:12]}")
            )
            if not roots:
                pytest.skip(f"needs the sources of {dependency.source}: build once")
            for pattern in dependency.sources:
                assert any(roots[0].glob(pattern)), f"{dependency.name}: {pattern}"
            for folder in (*dependency.include, *dependency.private_include):
                assert (roots[0] / folder).is_dir(), f"{dependency.name}: {folder}"
            found = dependency_sources(dependency, roots[0])
            assert bool(found) == bool(dependency.sources)
            plain = Dependency(name="x", source="x", sources=dependency.sources)
            everything = dependency_sources(plain, roots[0])
            assert set(dependency.always) <= set(found), dependency.name
            for pattern in dependency.exclude:
                fewer = Dependency(
                    name="x", source="x", sources=dependency.sources, exclude=(pattern,)
                )
                assert dependency_sources(fewer, roots[0]) != everything, pattern

    @pytest.mark.real_tree
    def test_what_the_runtime_starts_from_is_there(self, real_tree: Path) -> None:
        roots = runtime_roots("2.14.1")
        assert len({root.path for root in roots}) == len(roots)
        for root in roots:
            assert (real_tree / root.path).is_file(), root.path
            assert root.reason

    @pytest.mark.real_tree
    def test_what_is_precompiled_is_there_and_what_is_generated_is_not(
        self, real_tree: Path
    ) -> None:
        for header in PREFIX_HEADERS:
            source = header.replace(".pb.h", ".proto")
            assert (real_tree / source).is_file(), header
        for header in FLAVOURS["full"].shims:
            assert not (real_tree / header).exists(), header
