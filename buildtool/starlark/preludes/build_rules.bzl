"""The names that Bazel gives to every BUILD and .bzl file.

Rules are not built here, only written down: a call of cc_library(...) hands the attributes that say
which files and targets belong together to the evaluator and drops all others. KEPT and RULES are of
names.bzl; _declare, _choose, _glob, _package_name and _existing_rules are the evaluator's. Each
rule and structure stands behind this text under its own name, too.
"""

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
