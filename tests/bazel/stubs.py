"""A Bazel workspace of a 1.x tree with stand-ins for all that it would download.

The tree is linked, not copied, and not written to. Each external label that a BUILD or .bzl file
of the tree names becomes an empty ``cc_library`` of that name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

LABEL = re.compile(r"@([\w-]+)//([\w./+-]*)(?::([\w./+-]+))?")
ALL = 'package(default_visibility = ["//visibility:public"])\n'
# Not a library: what is used as a tool or as a file, and settings.
PROGRAMS = {"protoc", "cython_binary", "swig", "grpc_cpp_plugin", "grpc_python_plugin"}
SETTINGS = {
    *("using_nvcc", "using_clang", "using_sycl", "using_ccpp", "using_clang_windows"),
    "using_hipcc",
}
# Repositories that Bazel or the workspace itself has.
OWN = {
    *("androidndk", "androidsdk", "bazel_tools", "local_config_cc", "local_jdk"),
    "org_tensorflow",
}
# Rules of others that make something which other targets name, and what takes its place.
RULES = {
    "cc_grpc_library": "cc_library(name = name)",
    "generate_cc": 'genrule(name = name, outs = [name + ".cc"], cmd = "touch $@")',
    "gentbl_cc_library": "cc_library(name = name)",
    "td_library": "filegroup(name = name)",
}
PROTOBUF = """
def proto_gen(name, srcs = [], outs = [], **_kwargs):
    if outs:
        native.genrule(name = name, srcs = srcs, outs = outs, cmd = "touch $(OUTS)")
    else:
        native.filegroup(name = name, srcs = srcs)
"""


def make_workspace(
    tree: Path, folder: Path, declared: str, *, real: Mapping[str, str] | None = None
) -> Path:
    """Make the workspace in ``folder``; ``declared`` is what its WORKSPACE says besides. ``real``
    are repositories that are there, and their folders."""
    folder.mkdir(parents=True)
    for each in sorted(tree.iterdir()):
        if each.name not in {"WORKSPACE", ".bazelrc", ".bazelversion", ".git"}:
            (folder / each.name).symlink_to(each)
    labels, symbols = _external(tree)
    lines = ['workspace(name = "org_tensorflow")']
    for repository, path in sorted((real or {}).items()):
        lines.append(f'local_repository(name = "{repository}", path = "{path}")')
    for repository in sorted(labels | symbols.keys()):
        if repository in OWN or repository in (real or {}):
            continue
        _stub(folder.parent / "stubs" / repository, labels[repository], symbols.get(repository, {}))
        path = str(folder.parent / "stubs" / repository)
        lines.append(f'local_repository(name = "{repository}", path = "{path}")')
    bound = sorted(labels["bound"])
    lines += [f'bind(name = "{name}", actual = "@bound//:{name}")' for _, name in bound]
    (folder / "WORKSPACE").write_text("\n".join([*lines, declared]) + "\n", encoding="utf-8")
    return folder


def replace_file(folder: Path, name: str, text: str) -> None:
    """Put another ``text`` in the place of a linked file: the folders above it become real ones,
    with links to all that is in them."""
    place = folder
    for part in Path(name).parts[:-1]:
        place /= part
        if place.is_symlink():
            target = place.resolve()
            place.unlink()
            place.mkdir()
            for each in sorted(target.iterdir()):
                (place / each.name).symlink_to(each)
    (folder / name).unlink()
    (folder / name).write_text(text, encoding="utf-8")


def _external(
    tree: Path,
) -> tuple[dict[str, set[tuple[str, str]]], dict[str, dict[str, set[str]]]]:
    """Labels by repository, as package and name; and what is loaded from which of its files."""
    labels: dict[str, set[tuple[str, str]]] = defaultdict(set)
    symbols: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    files = [tree / "BUILD"]
    for folder in ("tensorflow", "third_party"):
        for name in ("BUILD", "BUILD.bazel", "*.bzl"):
            files += tree.glob(f"{folder}/**/{name}")
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        for repository, file, names in re.findall(
            r'load\(\s*"@([\w-]+)(//[^"]+\.bzl)",([^)]*)\)', text
        ):
            symbols[repository][file] |= set(re.findall(r'"(\w+)"', names))
        for repository in re.findall(r'"@([\w-]+)"', text):
            labels[repository].add(("", repository))
        # What the tree's own workspace.bzl binds, but for the NDK's part.
        labels["bound"] |= {("", each) for each in re.findall(r"//external:([\w-]+)\"", text)}
        for repository, package, name in LABEL.findall(text):
            if not name.endswith(".bzl") and name != "BUILD":
                labels[repository].add((package, name or package.rpartition("/")[2] or repository))
    return labels, symbols


def _stub(folder: Path, labels: set[tuple[str, str]], symbols: dict[str, set[str]]) -> None:
    folder.mkdir(parents=True)
    (folder / "WORKSPACE").touch()
    packages: dict[str, set[str]] = defaultdict(set)
    for package, name in labels:
        packages[package].add(name)
    for file, names in symbols.items():
        package, _, name = file.removeprefix("//").rpartition(":")
        packages.setdefault(package, set())
        target = folder / package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_functions(names), encoding="utf-8")
    for package, names in packages.items():
        (folder / package).mkdir(parents=True, exist_ok=True)
        text = ALL + "".join(_target(name, folder / package) for name in sorted(names))
        (folder / package / "BUILD").write_text(text, encoding="utf-8")


def _target(name: str, folder: Path) -> str:
    if name in PROGRAMS:
        (folder / f"{name}.sh").touch(mode=0o755)
        return f'sh_binary(name = "{name}", srcs = ["{name}.sh"])\n'
    if name in SETTINGS:
        return f'config_setting(name = "{name}", define_values = {{"{name}": "true"}})\n'
    if name == "darwin":
        return f'config_setting(name = "{name}", values = {{"cpu": "darwin"}})\n'
    if "." in name.rpartition("/")[2] or "/" in name:
        return f'filegroup(name = "{name}")\n'
    return f'cc_library(name = "{name}")\n'


def _functions(names: set[str]) -> str:
    """What conditions on devices answer without such devices: the second list."""
    text = PROTOBUF if "proto_gen" in names else ""
    for name in sorted(names & RULES.keys()):
        text += f"def {name}(name, **_kwargs):\n    native.{RULES[name]}\n\n"
    for name in sorted(names - {"proto_gen"} - RULES.keys()):
        result = "if_false" if name.startswith("if_") else "[]"
        text += f"def {name}(if_true = None, if_false = [], **_kwargs):\n    return {result}\n\n"
    return text
