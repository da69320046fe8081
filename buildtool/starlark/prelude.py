"""The names that Bazel gives to every BUILD and .bzl file, written in Starlark.

Rules are not built here, only written down: a call of ``cc_library(...)`` hands the attributes
that say which files and targets belong together to the evaluator and drops all others. What a
file loads from an external repository is replaced by a stand-in of the same name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

PRELUDE = "@prelude"

# Attributes that say which files a target has, which targets it needs, how it is compiled and when
# it applies.
KEPT_ATTRIBUTES = (
    "actual",
    "alwayslink",
    "build_setting_default",
    "constraint_values",
    "copts",
    "define_values",
    "deps",
    "flag_values",
    "hdrs",
    "match_all",
    "match_any",
    "name",
    "out",
    "outs",
    "srcs",
    "testonly",
    "textual_hdrs",
    "values",
)

_RULE_WORDS = """
    action_listener alias android_binary android_library apple_binary apple_static_library
    cc_binary cc_import cc_library cc_proto_library cc_shared_library cc_test cc_toolchain
    cc_toolchain_suite config_setting constraint_setting constraint_value environment
    environment_group exports_files extra_action fdo_profile filegroup genquery genrule
    go_library go_test ios_application j2objc_library java_binary java_import
    java_lite_proto_library java_library java_plugin java_proto_library java_test label_flag
    label_setting licenses objc_library package package_group platform proto_lang_toolchain
    proto_library py_binary py_library py_runtime py_test sh_binary sh_library sh_test
    swift_library test_suite toolchain toolchain_type xcode_config xcode_version bind
    local_repository new_local_repository workspace register_toolchains git_repository
    new_git_repository http_archive new_http_archive
"""

NATIVE_RULES = tuple(_RULE_WORDS.split())

# Names of Bazel's own structures which macros only mention or which rule implementations use.
_STRUCTURE_WORDS = """
    CcInfo DefaultInfo JavaInfo OutputGroupInfo PyInfo apple_common cc_common config
    config_common coverage_common java_common platform_common proto_common testing
"""

_BODY = """

def _kept(attrs):
    return {key: _plain(attrs[key]) for key in KEPT if key in attrs}

def _plain(value):
    return value.to_list() if hasattr(value, "to_list") else value

def _rule(kind):
    def call(*_args, **attrs):
        _declare(kind, _kept(attrs))
    return call

def external_stub(name):
    def call(*args, **kwargs):
        if name.startswith("if_"):
            rest = list(args[1:]) + [kwargs[key] for key in kwargs if key not in ["if_true", "a"]]
            return rest[0] if rest else []
        if "name" in kwargs:
            _declare(name, _kept(kwargs))
            return None
        return []
    return call

def rule(implementation = None, **_kwargs):
    return _rule("{}".format(implementation).split(".")[-1].strip("<>"))

def repository_rule(*_args, **_kwargs):
    return _rule("repository")

def macro(implementation = None, **_kwargs):
    return implementation

def provider(*_args, **_kwargs):
    return struct

def aspect(*_args, **_kwargs):
    return None

def transition(*_args, **_kwargs):
    return None

def configuration_field(*_args, **_kwargs):
    return None

def print(*_args, **_kwargs):
    return None

def _nothing(*_args, **_kwargs):
    return None

def Label(text):
    repository, _, rest = text.rpartition("//")
    package, _, name = rest.partition(":")
    return struct(
        label_text = text,
        workspace_root = "external/" + repository[1:] if len(repository) > 1 else "",
        package = package,
        name = name or package.split("/")[-1],
    )

def str(value):
    return value.label_text if hasattr(value, "label_text") else "{}".format(value)

def depset(direct = [], transitive = [], **_kwargs):
    items = list(direct or [])
    for other in transitive or []:
        items += other.to_list()
    return struct(to_list = lambda: items)

def set(items = []):
    return depset(items)

def select(branches, no_match_error = ""):
    keys = list(branches.keys())
    chosen = _choose([str(key) for key in keys])
    return branches[keys[chosen]] if chosen != None else []

def existing_rule(name):
    return _existing_rules().get(name)

def existing_rules():
    return _existing_rules()

def glob(include = [], exclude = [], exclude_directories = 1, **_kwargs):
    return _glob(include, exclude)

def package_name():
    return _package_name()

def package_relative_label(text):
    return Label(text)

def repository_name():
    return "@"

def subpackages(**_kwargs):
    return []

attr = struct(**{name: _nothing for name in [
    "bool", "int", "int_list", "label", "label_keyed_string_dict", "label_list", "output",
    "output_list", "string", "string_dict", "string_keyed_label_dict", "string_list",
    "string_list_dict",
]})

native = struct(
    existing_rule = existing_rule,
    existing_rules = existing_rules,
    glob = glob,
    package_name = package_name,
    package_relative_label = package_relative_label,
    repository_name = repository_name,
    subpackages = subpackages,
    **{name: _rule(name) for name in RULES}
)

def _with_or(branches, no_match_error = ""):
    flat = {}
    for key, value in branches.items():
        for name in key if type(key) == "tuple" else [key]:
            flat[name] = value
    return select(flat)

selects = struct(
    config_setting_group = _rule("config_setting_group"),
    with_or = _with_or,
)

def _relativize(path, start):
    return path.removeprefix(start).removeprefix("/")

paths = struct(
    basename = lambda path: path.rpartition("/")[2],
    dirname = lambda path: path.rpartition("/")[0],
    join = lambda *parts: "/".join(parts),
    relativize = _relativize,
    replace_extension = lambda path, extension: path.rpartition(".")[0] + extension,
    split_extension = lambda path: (path.rpartition(".")[0], "." + path.rpartition(".")[2]),
)

sets = struct(
    make = lambda items = []: {item: None for item in items},
    contains = lambda items, item: item in items,
    to_list = lambda items: list(items.keys()),
)
"""


def prelude_source() -> str:
    """Return the Starlark text of the prelude. It calls back ``_declare``, ``_choose``,
    ``_glob``, ``_package_name`` and ``_existing_rules``, which the evaluator provides."""
    head = f"KEPT = {json.dumps(KEPT_ATTRIBUTES)}\nRULES = {json.dumps(NATIVE_RULES)}\n"
    rules = "".join(f"{name} = native.{name}\n" for name in NATIVE_RULES)
    structures = "".join(f"{name} = struct()\n" for name in _STRUCTURE_WORDS.split())
    return head + _BODY + rules + structures


_DEFINED = re.compile(r"^(?:def )?([A-Za-z]\w*)(?:\(| =)", re.MULTILINE)


def prelude_names() -> frozenset[str]:
    """Return the names that the prelude defines for other files."""
    return frozenset(_DEFINED.findall(prelude_source())) - {"KEPT", "RULES"}


def stub_source(symbols: Iterable[str]) -> str:
    """Return a module that stands in for an external .bzl file with these symbols.

    Names in capitals are empty lists, names in CamelCase are providers. ``if_xyz(a, b)`` gives
    ``b``: external repositories stand for what is not configured (CUDA, ROCm, TensorRT).
    """
    known = prelude_names() - set(NATIVE_RULES)
    lines = [f'load("{PRELUDE}", "external_stub")']
    for symbol in sorted(symbols):
        if symbol in known:
            lines.append(f'load("{PRELUDE}", _{symbol} = "{symbol}")\n{symbol} = _{symbol}')
        elif symbol.isupper():
            lines.append(f"{symbol} = []")
        elif symbol[0].isupper():
            lines.append(f"{symbol} = struct")
        else:
            lines.append(f'{symbol} = external_stub("{symbol}")')
    return "\n".join(lines) + "\n"
