"""What a tree's workspace.bzl finds in place of Bazel's rules and of what it loads: every rule only
writes down, by the evaluator's _declare, how it was called.
"""

# Attributes that say where a dependency comes from.
KEPT = [
    "commit",
    "name",
    "remote",
    "sha256",
    "tag",
    "url",
    "urls",
]

def recorder(kind):
    def call(*_args, **attrs):
        _declare({key: attrs[key] for key in KEPT if key in attrs})
    return call

def repository_rule(*_args, **_kwargs):
    return recorder("repository_rule")

def Label(text):
    return text

def print(*_args, **_kwargs):
    return None

def _nothing(*_args, **_kwargs):
    return None

attr = struct(**{name: _nothing for name in [
    "bool", "int", "label", "label_list", "string", "string_dict", "string_list",
    "string_list_dict",
]})

native = struct(bazel_version = "", **{name: recorder(name) for name in [
    "bind", "git_repository", "http_archive", "http_file", "http_jar", "local_repository",
    "maven_jar", "new_git_repository", "new_http_archive", "new_local_repository",
    "register_execution_platforms", "register_toolchains",
]})
