"""The prefix header in the hands of real compilers: what an unselected kernel costs, and what is
registered."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from buildtool.backends.makefile.makefile_flags import LITE
from buildtool.backends.makefile.makefile_project import render_project
from buildtool.backends.makefile.settings import PCH
from buildtool.core.render import Renderer
from buildtool.core.run import Command, run
from buildtool.core.values import BuildPlan, Registration, SelectedKernel
from buildtool.tools.launcher import launching

COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]
OP_KERNEL = """\
#pragma once
#include <cstdio>
#include <string>
namespace tensorflow {
struct KernelDef { std::string op, device, types; };
struct KernelDefBuilder {
  explicit KernelDefBuilder(const char* op) : def{op, "", ""} {}
  KernelDefBuilder& Device(const char* device) { def.device = device; return *this; }
  template <typename T> KernelDefBuilder& TypeConstraint(const char* attr) {
    def.types = attr;
    return *this;
  }
  const KernelDef* Build() { return new KernelDef(def); }
  KernelDef def;
};
struct OpKernelConstruction {};
struct OpKernel { virtual ~OpKernel() {} };
namespace kernel_factory {
struct OpKernelRegistrar {
  OpKernelRegistrar(const KernelDef* def, const char* name,
                    OpKernel* (*make)(OpKernelConstruction*)) {
    OpKernelConstruction construction;
    delete make(&construction);
    std::printf("%s %s %s %s\\n", def->op.c_str(), def->device.c_str(), def->types.c_str(), name);
  }
};
}  // namespace kernel_factory
}  // namespace tensorflow
#define REGISTER_KERNEL_BUILDER(...) the_tree_s_own_macro
"""
KERNEL = """\
namespace tensorflow {
extern const char* const DEVICE_CPU;
template <typename T, bool flag> struct ReluOp : OpKernel {
  explicit ReluOp(OpKernelConstruction*) { static_assert(sizeof(T) < 8, "must not be built"); }
};
struct PlainOp : OpKernel { explicit PlainOp(OpKernelConstruction*) {} };
#define REGISTER(type) \\
  REGISTER_KERNEL_BUILDER(Name("Relu").Device(DEVICE_CPU).TypeConstraint<type>("T"), \\
                          ReluOp<type, true>);
REGISTER(float)
REGISTER(double)
REGISTER(int)
#undef REGISTER
namespace inner {
REGISTER_KERNEL_BUILDER(Name("A").Device(DEVICE_CPU), PlainOp);
REGISTER_KERNEL_BUILDER(Name("AB").Device(DEVICE_CPU), PlainOp);
}
}
"""


def kernel(op: str, kernel_class: str, source: str) -> SelectedKernel:
    registration = Registration(
        op=op, device="CPU", kernel_class=kernel_class, source=source, line=1
    )
    return SelectedKernel(registration=registration, reason="test")


def plan(*kernels: SelectedKernel) -> BuildPlan:
    return BuildPlan(
        target="small",
        tensorflow_version="1.8.0",
        tree_digest="0" * 64,
        models=(),
        defines=("SELECTIVE_REGISTRATION",),
        compile_flags=(),
        link_flags=(),
        ops=(),
        kernels=kernels,
        types=(),
        files=(),
    )


def registered(folder: Path, compiler: str, chosen: BuildPlan, sources: dict[str, str]) -> set[str]:
    """What a program of these sources prints when it starts."""
    renderer = Renderer(folder / "generated")
    render_project(renderer, chosen)
    made = folder / "generated" / "makefile"
    framework = folder / "tree/tensorflow/core/framework"
    framework.mkdir(parents=True)
    (framework / "op_kernel.h").write_text(OP_KERNEL)
    objects = []
    for name, text in sources.items():
        path = folder / name
        path.write_text(f'#include "ops_to_register.h"\n{text}')
        selection = made / "selection" / f"{name}.h"
        argv = (
            *(compiler, "-std=c++11", "-w", f"-I{folder / 'tree'}", f"-I{made / 'include'}"),
            *("-include", str(made / "include/ops_to_register.h")),
            *("-include", str(made / "tensorflow_prefix.h")),
            *(("-include", str(selection)) if selection.is_file() else ()),
            *("-c", str(path), "-o", str(path.with_suffix(".o"))),
        )
        run(Command(argv=argv), what=name)
        objects.append(str(path.with_suffix(".o")))
    main = folder / "main.cc"
    main.write_text(
        'namespace tensorflow { extern const char* const DEVICE_CPU = "CPU"; }\nint main() {}\n'
    )
    program = folder / "program"
    run(Command(argv=(compiler, str(main), *objects, "-o", str(program))), what="linking")
    return set(run(Command(argv=(str(program),)), what="running").stdout.splitlines())


@pytest.mark.parametrize("compiler", COMPILERS)
def test_only_what_is_selected_is_built_and_registered(tmp_path: Path, compiler: str) -> None:
    """The kernel for double would not compile: it is never instantiated."""
    chosen = plan(
        kernel("Relu", "ReluOp<float,true>", "a.cc"),  # spaces do not count
        kernel("AB", "PlainOp", "a.cc"),
        kernel("Relu", "ReluOp<int, true>", "b.cc"),
    )
    found = registered(tmp_path, compiler, chosen, {"a.cc": KERNEL, "b.cc": KERNEL, "c.cc": KERNEL})
    assert found == {
        "Relu CPU T ReluOp<float, true>",
        "AB CPU  PlainOp",  # and not A, which has the same class
        "Relu CPU T ReluOp<int, true>",
    }


@pytest.mark.parametrize(("prefix", "google"), [(None, "google"), ("ours", "ours_google")])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_lite_messages_have_an_empty_text(
    tmp_path: Path, compiler: str, prefix: str | None, google: str
) -> None:
    lite = dataclasses.replace(plan(), defines=(LITE,))
    render_project(Renderer(tmp_path), lite, protobuf_prefix=prefix)
    header = tmp_path / f"protobuf/{google}/protobuf/message_lite.h"
    header.parent.mkdir(parents=True)
    header.write_text(
        "#include <string>\nstruct Lite { std::string SerializeAsString() const; };\n"
    )
    source = tmp_path / "a.cc"
    source.write_text(
        f"#include <{google}/protobuf/message_lite.h>\n"
        'std::string Lite::SerializeAsString() const { return "x"; }\n'
        "int main() { Lite m; return m.DebugString().size() + m.SerializeAsString().size() - 1; }\n"
    )
    folders = (tmp_path / "makefile/include", tmp_path / "protobuf")
    includes = [f"-I{folder}" for folder in folders]
    program = tmp_path / "program"
    argv = (compiler, "-std=c++11", *includes, str(source), "-o", str(program))
    run(Command(argv=argv), what="compiling")
    run(Command(argv=(str(program),)), what="running")
    render_project(Renderer(tmp_path / "full"), plan())
    assert not (tmp_path / "full/makefile/include/google").exists()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_same_numbers_in_two_files_are_not_the_same(tmp_path: Path, compiler: str) -> None:
    """Each file registers its own class, though both have the same number in their files."""
    text = """\
    namespace tensorflow {
    extern const char* const DEVICE_CPU;
    struct Op%s : OpKernel { explicit Op%s(OpKernelConstruction*) {} };
    REGISTER_KERNEL_BUILDER(Name("%s").Device(DEVICE_CPU), Op%s);
    }
    """
    sources = {f"{name}.cc": text.replace("%s", name) for name in ("A", "B")}
    chosen = plan(kernel("A", "OpA", "A.cc"), kernel("B", "OpB", "B.cc"))
    found = registered(tmp_path, compiler, chosen, sources)
    assert found == {"A CPU  OpA", "B CPU  OpB"}


SMALL = """\
MAKEFILE_DIR := none
GENDIR := $(CURDIR)/gen/
OBJDIR := obj/
TF_CC_SRCS := a.cc
CXX := ccache {compiler}
CXXFLAGS := -w -std=c++11
INCLUDES := -I$(CURDIR)/tree
BUILDTOOL_PCH := {suffix}
BUILDTOOL_PCH_FLAGS := {flags}
include buildtool/selection.mk
$(OBJDIR)%.o: %.cc
\t@mkdir -p $(@D)
\t$(CXX) $(CXXFLAGS) -MMD $(INCLUDES) -include buildtool/include/ops_to_register.h -c $< -o $@
"""


@pytest.mark.skipif(shutil.which("ccache") is None, reason="needs ccache")
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_folder_that_is_gone_is_not_asked_for(tmp_path: Path, compiler: str) -> None:
    """A precompiled header names absolute files: one of another folder, from ccache, is of no use
    when that folder is gone."""
    suffix, flags = PCH["clang" if "clang" in compiler else "gcc"]
    for name in ("first", "second"):
        folder = tmp_path / name
        (framework := folder / "tree/tensorflow/core/framework").mkdir(parents=True)
        (framework / "op_kernel.h").write_text(OP_KERNEL)
        render_project(Renderer(folder), plan(kernel("A", "PlainOp", "a.cc")))
        (folder / "makefile").rename(folder / "buildtool")
        (folder / "a.cc").write_text(f"int {name}() {{ return 1; }}\n")
        text = SMALL.format(compiler=compiler, suffix=suffix, flags=" ".join(flags))
        (folder / "Makefile").write_text(text)
        with launching("ccache", folder=folder, cache=tmp_path / "cache") as launcher:
            run(
                Command(argv=("make", "obj/a.o"), cwd=folder, env=launcher.environment),
                what=f"compiling in {name}",
            )
        assert (folder / f"gen/prefix/tensorflow_prefix.h{suffix}").is_file()
        shutil.rmtree(folder)
