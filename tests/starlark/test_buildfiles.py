"""BUILD files of small made-up trees."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from buildtool.core.errors import ConfigError
from buildtool.starlark.buildfiles import (
    BuildConditions,
    BuildGraph,
    load_packages,
    mobile_candidates,
)

ARM = BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", "armhf")))


def write(tree: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tree


def graph_of(tree: Path, files: dict[str, str], conditions: BuildConditions = ARM) -> BuildGraph:
    return load_packages(write(tree, files), conditions, None)


def sources(graph: BuildGraph, label: str) -> tuple[str, ...]:
    return tuple(graph.closure([label]).files)


class TestGlob:
    FILES: ClassVar = {
        "p/BUILD": """
filegroup(name = "flat", srcs = glob(["a*.cc"], exclude = ["*_test.cc"]))
filegroup(name = "deep", srcs = glob(["**/*.cc"], exclude = ["**/*_test.cc"]))
filegroup(name = "one", srcs = glob(include = ["ab.cc", "absent.cc"]))
filegroup(name = "sub", srcs = glob(["sub/*.cc"]))
""",
        "p/ab.cc": "",
        "p/a_test.cc": "",
        "p/b.cc": "",
        "p/sub/ac.cc": "",
        "p/sub/more/d.cc": "",
        "p/other/BUILD": "",
        "p/other/ae.cc": "",
    }

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("flat", ("p/ab.cc",)),
            ("deep", ("p/ab.cc", "p/b.cc", "p/sub/ac.cc", "p/sub/more/d.cc")),
            ("one", ("p/ab.cc",)),
            ("sub", ("p/sub/ac.cc",)),
        ],
    )
    def test_matches_this_package_only(
        self, tmp_path: Path, name: str, expected: tuple[str, ...]
    ) -> None:
        assert graph_of(tmp_path, self.FILES).filegroup(f"//p:{name}") == expected

    def test_in_a_macro_sees_the_calling_package(self, tmp_path: Path) -> None:
        files = {
            "tools/BUILD": "",
            "tools/rules.bzl": """
def kernel(name, prefix, **kwargs):
    found = native.glob([prefix + "*.cc"], exclude = [prefix + "*test*", prefix + "*.cu.cc"])
    native.cc_library(name = name, srcs = found, alwayslink = 1, **kwargs)
""",
            "p/BUILD": """
load("//tools:rules.bzl", "kernel")
kernel(name = "cast", prefix = "cast_op")
""",
            "p/cast_op.cc": "",
            "p/cast_op_impl.cc": "",
            "p/cast_op_test.cc": "",
            "p/cast_op.cu.cc": "",
        }
        graph = graph_of(tmp_path, files)
        assert graph.nearest_owners("p/cast_op.cc") == ("//p:cast",)
        cast = graph.target("//p:cast")
        assert cast is not None
        assert graph.sources(cast) == {"p/cast_op.cc", "p/cast_op_impl.cc"}


class TestConditions:
    SETTINGS = """
config_setting(name = "arm", values = {"cpu": "armhf"})
config_setting(name = "arm_dbg", values = {"cpu": "armhf", "compilation_mode": "dbg"})
config_setting(name = "pc", values = {"cpu": "k8"})
config_setting(name = "static", define_values = {"static": "true"})
config_setting(name = "old_define", values = {"define": "static=true"})
bool_flag(name = "oss_flag", build_setting_default = True)
config_setting(name = "oss", flag_values = {":oss_flag": "True"})
config_setting(name = "google", flag_values = {":oss_flag": "False"})
alias(name = "same_as_arm", actual = ":arm")
selects.config_setting_group(name = "any", match_any = [":pc", ":arm"])
selects.config_setting_group(name = "all", match_all = [":arm", ":oss"])
selects.config_setting_group(name = "none", match_all = [":arm", ":google"])
"""
    HEAD = """
load("@bazel_skylib//lib:selects.bzl", "selects")
load("@bazel_skylib//rules:common_settings.bzl", "bool_flag")
"""

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ("//s:arm", True),
            ("//s:pc", False),
            ("//s:same_as_arm", True),
            ("//s:any", True),
            ("//s:all", True),
            ("//s:none", False),
            ("//s:oss", True),
            ("//s:google", False),
            ("//s:static", False),
            ("//s:no_such_setting", False),
            ("@local_config_cuda//:is_cuda_enabled", False),
        ],
    )
    def test_come_from_the_tree(self, tmp_path: Path, condition: str, holds: bool) -> None:
        graph = self.graph(tmp_path, condition, ARM)
        assert graph.filegroup("//p:x") == (("p/yes.cc",) if holds else ("p/no.cc",))

    @pytest.mark.parametrize("condition", ["//s:static", "//s:old_define"])
    def test_defines(self, tmp_path: Path, condition: str) -> None:
        graph = self.graph(tmp_path, condition, BuildConditions(defines=("static=true",)))
        assert graph.filegroup("//p:x") == ("p/yes.cc",)

    def test_external_setting_that_is_given(self, tmp_path: Path) -> None:
        label = "@local_config_cuda//:is_cuda_enabled"
        graph = self.graph(tmp_path, label, BuildConditions(settings=(label,)))
        assert graph.filegroup("//p:x") == ("p/yes.cc",)

    def test_the_most_special_one_wins(self, tmp_path: Path) -> None:
        build = """
filegroup(name = "x", srcs = select({"//s:arm": ["no.cc"], "//s:arm_dbg": ["yes.cc"]}))
"""
        conditions = BuildConditions(flags=(("cpu", "armhf"), ("compilation_mode", "dbg")))
        files = {"s/BUILD": self.HEAD + self.SETTINGS, "p/BUILD": build, "p/yes.cc": ""}
        assert graph_of(tmp_path, files, conditions).filegroup("//p:x") == ("p/yes.cc",)

    def test_without_a_fitting_branch_nothing_is_added(self, tmp_path: Path) -> None:
        build = 'filegroup(name = "x", srcs = ["yes.cc"] + select({"//s:pc": ["no.cc"]}))'
        files = {"s/BUILD": self.HEAD + self.SETTINGS, "p/BUILD": build, "p/yes.cc": ""}
        assert graph_of(tmp_path, files).filegroup("//p:x") == ("p/yes.cc",)

    def test_setting_that_stands_below_its_use(self, tmp_path: Path) -> None:
        build = """
filegroup(name = "x", srcs = select({":arm": ["yes.cc"], "//conditions:default": []}))
config_setting(name = "arm", values = {"cpu": "armhf"})
"""
        graph = graph_of(tmp_path, {"p/BUILD": build, "p/yes.cc": ""})
        assert graph.filegroup("//p:x") == ("p/yes.cc",)

    def test_two_packages_that_ask_each_other(self, tmp_path: Path) -> None:
        def build(other: str) -> str:
            return f"""
filegroup(name = "x", srcs = select({{"//{other}:arm": ["yes.cc"], "//conditions:default": []}}))
config_setting(name = "arm", values = {{"cpu": "armhf"}})
"""

        files = {"p/BUILD": build("q"), "q/BUILD": build("p"), "p/yes.cc": "", "q/yes.cc": ""}
        graph = graph_of(tmp_path, files)
        assert graph.filegroup("//p:x") == ("p/yes.cc",)
        assert graph.filegroup("//q:x") == ("q/yes.cc",)

    def graph(self, tree: Path, condition: str, conditions: BuildConditions) -> BuildGraph:
        build = f"""
filegroup(name = "x", srcs = select({{
    "{condition}": ["yes.cc"],
    "//conditions:default": ["no.cc"],
}}))
"""
        files = {
            "s/BUILD": self.HEAD + self.SETTINGS,
            "p/BUILD": build,
            "p/yes.cc": "",
            "p/no.cc": "",
        }
        return graph_of(tree, files, conditions)


class TestStandIns:
    def test_helpers_of_external_repositories(self, tmp_path: Path) -> None:
        build = """
load("@local_config_cuda//cuda:build_defs.bzl", "if_cuda", "cuda_default_copts")
load("@rules_cc//cc:defs.bzl", "cc_library")
cc_library(
    name = "x",
    srcs = if_cuda(["gpu.cc"], ["cpu.cc"]) + if_cuda(["more.cc"]),
    copts = cuda_default_copts(),
)
"""
        graph = graph_of(tmp_path, {"p/BUILD": build, "p/cpu.cc": "", "p/gpu.cc": ""})
        assert sources(graph, "//p:x") == ("p/cpu.cc",)
        assert graph.notes == ()

    def test_what_old_trees_write(self, tmp_path: Path) -> None:
        files = {
            "t/BUILD": "",
            "t/old.bzl": """
def where():
    return PACKAGE_NAME
def library(name, srcs = set()):
    native.cc_library(name = name, srcs = srcs + native.glob(["*.cc"]))
""",
            "p/BUILD": """
load("//t:old.bzl", "where", "library")
package(default_visibility = ["//visibility:public"])
licenses(["notice"])
library(name = where(), srcs = [])
""",
            "p/a.cc": "",
        }
        graph = graph_of(tmp_path, files)
        assert sources(graph, "//p:p") == ("p/a.cc",)
        assert graph.notes == ()

    def test_header_gathering_rules_bring_no_sources(self, tmp_path: Path) -> None:
        files = {
            "t/BUILD": "",
            "t/hdrs.bzl": """
def _transitive_hdrs_impl(ctx):
    return struct(files = depset())
_transitive_hdrs = rule(attrs = {"deps": attr.label_list()}, implementation = _transitive_hdrs_impl)
def headers_only(name, deps):
    _transitive_hdrs(name = name + "_gather", deps = deps)
    native.cc_library(name = name, hdrs = [":" + name + "_gather"])
""",
            "p/BUILD": """
load("//t:hdrs.bzl", "headers_only")
headers_only(name = "x_headers", deps = [":x"])
cc_library(name = "x", srcs = ["x.cc"])
cc_library(name = "user", srcs = ["user.cc"], deps = [":x_headers"])
""",
            "p/x.cc": "",
            "p/user.cc": "",
        }
        assert sources(graph_of(tmp_path, files), "//p:user") == ("p/user.cc",)


class TestNotes:
    def test_one_bad_statement_hides_no_other(self, tmp_path: Path) -> None:
        build = """# a comment
filegroup(name = "first", srcs = ["a.cc"])

filegroup(
    name = "bad",
    srcs = no_such_macro(),
)
filegroup(name = "last", srcs = ["b.cc"] + 1)
filegroup(name = "end", srcs = ["b.cc"])
"""
        graph = graph_of(tmp_path, {"p/BUILD": build, "p/a.cc": "", "p/b.cc": ""})
        assert graph.filegroup("//p:first") == ("p/a.cc",)
        assert graph.filegroup("//p:end") == ("p/b.cc",)
        assert graph.target("//p:bad") is None
        assert len(graph.notes) == 2
        assert graph.notes[0].startswith("p/BUILD:6: ")
        assert "no_such_macro" in graph.notes[0]
        assert graph.notes[1].startswith("p/BUILD:8: ")

    def test_bad_macro_file(self, tmp_path: Path) -> None:
        files = {
            "t/BUILD": "",
            "t/m.bzl": "def good(name):\n    native.filegroup(name = name)\n\nBAD = 1 + []\n",
            "p/BUILD": 'load("//t:m.bzl", "good")\ngood(name = "x")\n',
        }
        graph = graph_of(tmp_path, files)
        assert graph.target("//p:x") is not None
        assert graph.notes[0].startswith("t/m.bzl:4: ")

    def test_folder_that_is_no_package(self, tmp_path: Path) -> None:
        graph = graph_of(tmp_path, {"p/BUILD": 'cc_library(name = "x", deps = ["//gone:y"])'})
        assert graph.closure(["//p:x"]).missing == ("//gone:y",)
        assert graph.notes == ("gone: no BUILD file",)


class TestOwners:
    FILES: ClassVar = {
        "core/BUILD": """
filegroup(name = "mobile", srcs = ["//core/lib:group", "own.cc"])
cc_library(name = "portable", srcs = [":mobile"], deps = ["@com_google_absl//absl/base"])
cc_test(name = "lib_test", srcs = ["//core/lib:group"])
""",
        "core/lib/BUILD": """
filegroup(name = "group", srcs = ["x.cc", "x.h"])
cc_library(name = "x", srcs = ["x.cc"], hdrs = ["x.h"], deps = [":y", "//core:portable"])
cc_library(name = "x_for_tests", testonly = 1, srcs = ["x.cc"])
cc_library(name = "y", textual_hdrs = ["y.inc"])
""",
        "core/own.cc": "",
        "core/lib/x.cc": "",
        "core/lib/x.h": "",
        "core/lib/y.inc": "",
    }

    def test_the_nearest_package_with_an_owner_counts(self, tmp_path: Path) -> None:
        graph = graph_of(tmp_path, self.FILES)
        assert graph.nearest_owners("core/lib/x.cc") == ("//core/lib:x",)
        x = graph.target("//core/lib:x")
        assert x is not None
        assert graph.headers(x) == {"core/lib/x.h"}
        assert set(x.deps) == {"//core/lib:y", "//core:portable"}

    def test_through_groups_and_from_the_folders_above(self, tmp_path: Path) -> None:
        files = {**self.FILES, "core/lib/BUILD": 'filegroup(name = "group", srcs = ["x.cc"])'}
        graph = graph_of(tmp_path, files)
        assert graph.nearest_owners("core/lib/x.cc") == ("//core:portable",)
        portable = graph.target("//core:portable")
        assert portable is not None
        assert graph.sources(portable) == {"core/lib/x.cc", "core/own.cc"}
        assert portable.deps == ("@com_google_absl//absl/base:base",)

    def test_of_headers(self, tmp_path: Path) -> None:
        assert graph_of(tmp_path, self.FILES).nearest_owners("core/lib/y.inc") == ("//core/lib:y",)

    def test_of_nothing(self, tmp_path: Path) -> None:
        assert graph_of(tmp_path, self.FILES).nearest_owners("core/lib/none.cc") == ()


class TestClosure:
    FILES: ClassVar = {
        "p/BUILD": """
cc_library(name = "a", srcs = ["a.cc", "a.h", "a.pb.cc"], deps = [":b", ":c", "@zlib", ":gone"])
alias(name = "b", actual = "//q:b")
cc_library(name = "c", srcs = ["c.cc"], deps = ["//q:b", ":a", "//external:grpc_lib"])
genrule(name = "gen", srcs = ["a.proto"], outs = ["a.pb.cc", "a.pb.h"])
""",
        "q/BUILD": 'cc_library(name = "b", srcs = ["b.cc"], deps = ["//q/r"])',
        "q/r/BUILD": 'cc_library(name = "r", srcs = ["r.cc"])',
        "p/a.cc": "",
        "p/a.h": "",
        "p/c.cc": "",
        "q/b.cc": "",
        "q/r/r.cc": "",
    }

    def test_names_the_shortest_way_to_each_file(self, tmp_path: Path) -> None:
        found = graph_of(tmp_path, self.FILES).closure(["p/a.cc"])
        assert dict(found.files) == {
            "p/a.cc": ("p/a.cc",),
            "p/c.cc": ("p/a.cc", "//p:a", "//p:c"),
            "q/b.cc": ("p/a.cc", "//p:a", "//p:b", "//q:b"),
            "q/r/r.cc": ("p/a.cc", "//p:a", "//p:b", "//q:b", "//q/r:r"),
        }
        assert list(found.files) == ["p/a.cc", "p/c.cc", "q/b.cc", "q/r/r.cc"]

    def test_lists_what_is_not_in_the_tree(self, tmp_path: Path) -> None:
        found = graph_of(tmp_path, self.FILES).closure(["//p:a"])
        assert found.generated == ("p/a.pb.cc",)
        assert found.external == ("//external:grpc_lib", "@zlib//:zlib")
        assert found.missing == ("//p:gone",)

    def test_short_label(self, tmp_path: Path) -> None:
        assert sources(graph_of(tmp_path, self.FILES), "//q/r") == ("q/r/r.cc",)

    def test_source_that_no_target_owns(self, tmp_path: Path) -> None:
        files = {**self.FILES, "p/lonely.cc": ""}
        found = graph_of(tmp_path, files).closure(["p/lonely.cc"])
        assert dict(found.files) == {"p/lonely.cc": ("p/lonely.cc",)}


def test_filegroup_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        graph_of(tmp_path, {"p/BUILD": ""}).filegroup("//p:nothing")
    assert "//p:nothing: the tree's BUILD files have no such target" in str(caught.value)


def test_groups_in_a_circle_end(tmp_path: Path) -> None:
    build = """
filegroup(name = "a", srcs = [":b", "a.cc"])
filegroup(name = "b", srcs = [":a", "b.cc"])
"""
    graph = graph_of(tmp_path, {"p/BUILD": build, "p/a.cc": "", "p/b.cc": ""})
    assert graph.filegroup("//p:a") == ("p/a.cc", "p/b.cc")


def test_mobile_candidates(tmp_path: Path) -> None:
    files = {
        "tensorflow/core/BUILD": """
filegroup(name = "mobile_srcs", srcs = ["runtime.cc", "runtime.h"])
cc_library(
    name = "portable_tensorflow_lib_lite",
    srcs = [":mobile_srcs"],
    deps = ["//tensorflow/tsl:mutex"],
)
""",
        "tensorflow/tsl/BUILD": 'cc_library(name = "mutex", srcs = ["mutex.cc"])',
        "tensorflow/core/kernels/BUILD": """
filegroup(name = "portable_all_ops", srcs = ["add_op.cc"])
cc_library(name = "add", srcs = ["add_op.cc"], deps = [":common"])
cc_library(name = "common", srcs = ["common.cc"])
""",
        "tensorflow/core/runtime.cc": "",
        "tensorflow/core/runtime.h": "",
        "tensorflow/tsl/mutex.cc": "",
        "tensorflow/core/kernels/add_op.cc": "",
        "tensorflow/core/kernels/common.cc": "",
    }
    graph = graph_of(tmp_path, files)
    found = {
        one.path: one for one in mobile_candidates(graph, ["tensorflow/core/kernels/add_op.cc"])
    }
    assert list(found) == [
        "tensorflow/core/kernels/add_op.cc",
        "tensorflow/core/kernels/common.cc",
        "tensorflow/core/runtime.cc",
        "tensorflow/tsl/mutex.cc",
    ]
    assert found["tensorflow/core/runtime.cc"].reason == "the tree's runtime for mobile"
    assert found["tensorflow/tsl/mutex.cc"].chain == (
        "//tensorflow/core:portable_tensorflow_lib_lite",
        "//tensorflow/tsl:mutex",
    )
    assert found["tensorflow/core/kernels/common.cc"].chain[0].endswith("add_op.cc")
    assert len(mobile_candidates(graph)) == 3


def test_protos_that_sources_include(tmp_path: Path) -> None:
    files = {
        "core/a.cc": '#include "core/a.h"\n#  include "core/text.pb_text.h"\n',
        "core/a.h": '#ifdef X\n#include "core/graph.pb.h"\n#endif\n#include "google/x.pb.h"\n',
        "core/graph.proto": 'import public "core/node.proto";\nimport "google/any.proto";\n',
        "core/node.proto": "",
        "core/text.proto": "",
        "core/unused.proto": "",
    }
    assert dict(graph_of(tmp_path, files).protos(["core/a.cc"])) == {
        "core/graph.pb.h": "core/graph.proto",
        "core/node.pb.h": "core/node.proto",
        "core/text.pb_text.h": "core/text.proto",
    }


class TestCache:
    FILES: ClassVar = {
        "t/BUILD": "",
        "t/m.bzl": 'def more():\n    return ["b.cc"]\n',
        "p/BUILD": """
load("//t:m.bzl", "more")
filegroup(name = "x", srcs = glob(["a*.cc"]) + more())
config_setting(name = "arm", values = {"cpu": "armhf"})
""",
        "p/a.cc": "",
        "p/b.cc": "",
        "p/c.cc": "",
    }

    def run(self, tree: Path, cache: Path, label: str = "//p:x") -> tuple[str, ...]:
        graph = load_packages(tree, ARM, cache)
        files = graph.filegroup(label)
        graph.save()
        return files

    def test_the_same_again_without_reading_it_anew(self, tmp_path: Path) -> None:
        tree, cache = write(tmp_path / "tree", self.FILES), tmp_path / "cache"
        first = self.run(tree, cache)
        stored = next(cache.iterdir())
        stored.write_text(stored.read_text().replace("//p:b.cc", "//p:c.cc"))
        assert first == ("p/a.cc", "p/b.cc")
        assert self.run(tree, cache) == ("p/a.cc", "p/c.cc")

    @pytest.mark.parametrize(
        ("changed", "text", "expected"),
        [
            ("p/BUILD", 'filegroup(name = "x", srcs = ["c.cc"])', ("p/c.cc",)),
            ("t/m.bzl", 'def more():\n    return ["c.cc"]\n', ("p/a.cc", "p/c.cc")),
            ("p/a2.cc", "", ("p/a.cc", "p/a2.cc", "p/b.cc")),
        ],
    )
    def test_anything_read_that_changes_counts(
        self, tmp_path: Path, changed: str, text: str, expected: tuple[str, ...]
    ) -> None:
        tree, cache = write(tmp_path / "tree", self.FILES), tmp_path / "cache"
        self.run(tree, cache)
        write(tree, {changed: text})
        assert self.run(tree, cache) == expected

    def test_setting_of_another_package_counts(self, tmp_path: Path) -> None:
        build = """
filegroup(name = "y", srcs = select({"//p:arm": ["y.cc"], "//conditions:default": []}))
"""
        files = {**self.FILES, "q/BUILD": build, "q/y.cc": ""}
        tree, cache = write(tmp_path / "tree", files), tmp_path / "cache"
        assert self.run(tree, cache, "//q:y") == ("q/y.cc",)
        write(tree, {"p/BUILD": 'config_setting(name = "arm", values = {"cpu": "k8"})'})
        assert self.run(tree, cache, "//q:y") == ()

    def test_a_new_package_counts(self, tmp_path: Path) -> None:
        tree, cache = write(tmp_path / "tree", {"p/a.cc": ""}), tmp_path / "cache"
        assert load_packages(tree, ARM, cache).target("//p:x") is None
        graph = load_packages(tree, ARM, cache)
        graph.package("p")
        graph.save()
        write(tree, {"p/BUILD": 'filegroup(name = "x", srcs = ["a.cc"])'})
        assert self.run(tree, cache) == ("p/a.cc",)

    @pytest.mark.parametrize("damage", ["", "{", "[]", '{"packages": 3}'])
    def test_damaged_cache_is_made_anew(self, tmp_path: Path, damage: str) -> None:
        tree, cache = write(tmp_path / "tree", self.FILES), tmp_path / "cache"
        self.run(tree, cache)
        next(cache.iterdir()).write_text(damage)
        assert self.run(tree, cache) == ("p/a.cc", "p/b.cc")

    def test_other_conditions_are_kept_apart(self, tmp_path: Path) -> None:
        build = 'filegroup(name = "x", srcs = select({":arm": ["a.cc"], ":pc": ["b.cc"]}))\n'
        build += 'config_setting(name = "arm", values = {"cpu": "armhf"})\n'
        build += 'config_setting(name = "pc", values = {"cpu": "k8"})\n'
        tree = write(tmp_path / "tree", {"p/BUILD": build, "p/a.cc": "", "p/b.cc": ""})
        for cpu, expected in (("armhf", "p/a.cc"), ("k8", "p/b.cc"), ("armhf", "p/a.cc")):
            graph = load_packages(
                tree,
                BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", cpu))),
                tmp_path / "cache",
            )
            assert graph.filegroup("//p:x") == (expected,)
            graph.save()
        assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".json", ".json"]
