"""What workspace files of the shapes that TensorFlow 1.x has pin; written for these tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from buildtool.backends.makefile.pinned import locked_source
from buildtool.backends.makefile.pins import Pin, read_pins
from buildtool.core.errors import ConfigError
from buildtool.core.paths import LOCK
from buildtool.sources import load_lock

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = """\
load("//third_party:repo.bzl", "tf_http_archive")
load("@rules//closure:defs.bzl", filegroup = "filegroup_external")

def clean_dep(dep):
    return str(Label(dep))

"""


def write(tree: Path, body: str, head: str = HEAD, entry: str = "tf_workspace") -> Path:
    path = tree / "tensorflow" / "workspace.bzl"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = textwrap.indent(textwrap.dedent(body), "    ")
    path.write_text(f'{head}def {entry}(path_prefix = "", tf_repo_name = ""):\n{text}', "utf-8")
    return path


def pins_of(tree: Path, body: str) -> dict[str, Pin]:
    write(tree, body)
    return {pin.name: pin for pin in read_pins(tree)}


def test_an_archive_of_github_is_a_commit_with_the_line_that_names_it(tmp_path: Path) -> None:
    body = f"""\
    filegroup(name = "licence", sha256_urls = {{"a": ["https://example.org/a.txt"]}})
    tf_http_archive(
        name = "nsync",
        urls = [
            "https://mirror.example.org/github.com/google/nsync/archive/{COMMIT}.tar.gz",
            # "https://github.com/google/nsync/archive/{"f" * 40}.tar.gz",
        ],
        sha256 = "{"a" * 64}",
        build_file = clean_dep("//third_party:nsync.BUILD"),
    )
    """
    pin = pins_of(tmp_path, body)["nsync"]
    assert pin == Pin(
        name="nsync",
        kind="github",
        version=COMMIT,
        repository="google/nsync",
        sha256="a" * 64,
        where=f"{tmp_path}/tensorflow/workspace.bzl:10",
    )


def test_eigen_is_a_mercurial_id(tmp_path: Path) -> None:
    body = """\
    native.new_http_archive(
        name = "eigen_archive",
        urls = ["https://bitbucket.org/eigen/eigen/get/6913f0cf7d06.tar.gz"],
    )
    """
    pin = pins_of(tmp_path, body)["eigen"]
    assert (pin.kind, pin.version, pin.repository) == ("mercurial", "6913f0cf7d06", "eigen/eigen")
    assert str(pin) == "eigen 6913f0cf7d06 (Mercurial, eigen/eigen)"


def test_any_other_url_is_a_file_and_the_last_url_is_its_makers(tmp_path: Path) -> None:
    body = """\
    tf_http_archive(
        name = "fft2d",
        urls = ["http://mirror.example.org/x/fft.tgz", "http://ooura.example.org/~o/fft.tgz"],
    )
    """
    pin = pins_of(tmp_path, body)["fft2d"]
    assert (pin.kind, pin.version, pin.sha256) == ("url", "fft.tgz", "")
    assert pin.repository == "http://ooura.example.org/~o"


def test_a_url_in_a_variable_counts(tmp_path: Path) -> None:
    body = """\
    VERSION = "3.6.1.2"
    URLS = ["https://github.com/protocolbuffers/protobuf/archive/v" + VERSION + ".tar.gz"]
    tf_http_archive(name = "protobuf_archive", urls = URLS)
    native.bind(name = "protobuf", actual = "@protobuf_archive//:protobuf")
    """
    pins = pins_of(tmp_path, body)
    assert list(pins) == ["protobuf"]
    assert pins["protobuf"].version == "v3.6.1.2"


def test_of_two_protobufs_it_is_the_one_that_tensorflow_is_compiled_with(tmp_path: Path) -> None:
    archive = "https://github.com/google/protobuf/archive/{}.tar.gz"
    body = f"""\
    native.http_archive(name = "com_google_protobuf", urls = ["{archive.format("b" * 40)}"])
    native.http_archive(name = "protobuf_archive", urls = ["{archive.format("a" * 40)}"])
    """
    assert [pin.version for pin in read_pins_of(tmp_path, body)] == ["a" * 40]


def read_pins_of(tree: Path, body: str) -> tuple[Pin, ...]:
    write(tree, body)
    return read_pins(tree)


def test_the_old_way_with_a_rule_of_the_files_own_and_git(tmp_path: Path) -> None:
    head = """\
def _impl(repo_ctx):
    repo_ctx.download_and_extract(repo_ctx.attr.urls, "", repo_ctx.attr.sha256)

my_archive = repository_rule(
    implementation = _impl,
    attrs = {"urls": attr.string_list(default = []), "sha256": attr.string()},
)

def check_version(least):
    if "bazel_version" not in dir(native):
        fail("too old")

"""
    body = f"""\
    if path_prefix:
        print("not used")
    my_archive(name = "com_googlesource_code_re2",
               urls = ["http://github.com/google/re2/archive/2018-10-01.zip"])
    native.git_repository(
        name = "gemmlowp", remote = "https://github.com/google/gemmlowp.git", commit = "{COMMIT}")
    native.http_file(name = "unknown", url = "https://example.org/file")
    """
    write(tmp_path, body, head)
    found = {pin.name: (pin.kind, pin.version) for pin in read_pins(tmp_path)}
    assert found == {
        "gemmlowp": ("github", COMMIT),
        "re2": ("github", "2018-10-01"),
        "unknown": ("url", "file"),
    }


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ("x = nowhere\n", [":8: cannot be evaluated: ", "nowhere"]),
        ("x = (\n", ["cannot be evaluated: "]),
        (
            'tf_http_archive(name = "a", urls = [1])\n'
            'native.git_repository(name = "b", remote = "https://github.com/x/y")\n'
            'native.git_repository(name = "c", remote = "https://e.org/c.git", tag = "v1")\n',
            [
                ":8: a: its URLs are not text\n",
                ":9: b: has a 'remote', but no 'commit' or 'tag'",
                ":10: c: is in git at 'https://e.org/c.git', which is not GitHub",
            ],
        ),
    ],
)
def test_what_is_not_understood_is_said_with_its_line(
    tmp_path: Path, body: str, messages: list[str]
) -> None:
    path = write(tmp_path, body)
    with pytest.raises(ConfigError) as caught:
        read_pins(tmp_path)
    for message in messages:
        assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_a_file_without_the_function_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"workspace\.bzl: cannot be read: No such file"):
        read_pins(tmp_path)
    write(tmp_path, "pass\n", entry="something_else")
    with pytest.raises(ConfigError, match=r"cannot be evaluated: .*tf_workspace"):
        read_pins(tmp_path)


# What the releases pin, as far as their makefiles need it.
RELEASES = {
    "1.0": {
        "eigen": ("60578b474802", "eigen-60578b474802"),
        "gemmlowp": ("a6f29d8ac48d63293f845f2253eccbf86bc28321", "gemmlowp-a6f29d8ac48d"),
        "protobuf": ("008b5a228b37c054f46ba478ccafa5e855cb16db", "protobuf-008b5a228b37"),
    },
    "1.8": {
        "eigen": ("6913f0cf7d06", "eigen-6913f0cf7d06"),
        "fft2d": ("fft.tgz", "fft2d-fft.tgz"),
        "nsync": ("0559ce013feac8db639ee1bf776aca0325d28777", "nsync-0559ce013fea"),
        "protobuf": ("396336eb961b75f03b25824fe86cf6490fb75e3a", "protobuf-396336eb961b"),
    },
    "1.12": {
        "double-conversion": (
            "3992066a95b823efc8ccc1baf82a1cfc73f6e9b8",
            "double-conversion-3992066a95b8",
        ),
        "nsync": ("1.20.1", "nsync-1.20.1"),
        "protobuf": ("v3.6.1.2", "protobuf-3.6.1.2"),
    },
}


@pytest.mark.parametrize("release", RELEASES)
def test_the_lock_knows_what_releases_pin(release: str) -> None:
    lock = load_lock(LOCK)
    for name, (version, source) in RELEASES[release].items():
        pin = Pin(name=name, kind="github", version=version, where="workspace.bzl:1")
        assert locked_source(pin, lock) == source
