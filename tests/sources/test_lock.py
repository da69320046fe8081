from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.core.errors import ConfigError
from buildtool.core.paths import LOCK
from buildtool.sources import Lock, load_lock
from buildtool.sources.lock import Debian, Git, GitHub, Local, PyPI, Url

HEX = "a" * 64
GOOD = f"""\
schema_version: 1
debian_suites: [trixie, sid]
sources:
  lib:
    version: 1.10
    tree: {HEX}
    include: ["*.h"]
    exclude: [b.h]
    licences: [LICENSE, "other-2.0:legal/COPYING"]
    places:
      - debian: {{package: lib, version: 1.10+dfsg, file: lib_1.10+dfsg.orig.tar.xz}}
        sha256: &hash {HEX}
        size: &size 12
        strip: 1
      - pypi: {{project: py-lib, version: 1.10, file: py_lib-1.10.tar.gz}}
        sha256: *hash
        size: *size
        subdir: third_party/lib
      - github: owner/lib@v1.10
      - git: git@example.org:lib.git@{"b" * 40}
      - url: https://example.org/lib.tar.gz
        sha256: *hash
        size: *size
      - path: mirrors/lib
  other-2.0:
    version: "2.0"
    tree: {HEX}
    licences: [COPYING]
    places: [{{path: /other}}]
"""


def load(folder: Path, text: str) -> Lock:
    path = folder / "x.lock.yaml"
    path.write_text(text, "utf-8")
    return load_lock(path)


def test_reads_every_kind_of_place(tmp_path: Path) -> None:
    lock = load(tmp_path, GOOD)
    lib = lock["lib"]
    assert list(lock.sources) == ["lib", "other-2.0"]
    assert lock.debian_suites == ("trixie", "sid")
    assert (lib.version, lib.tree, lib.include, lib.exclude) == ("1.10", HEX, ("*.h",), ("b.h",))
    assert [(licence.source, licence.path) for licence in lib.licences] == [
        ("lib", "LICENSE"),
        ("other-2.0", "legal/COPYING"),
    ]
    assert [place.origin for place in lib.places] == [
        Debian(package="lib", version="1.10+dfsg", file="lib_1.10+dfsg.orig.tar.xz"),
        PyPI(project="py-lib", version="1.10", file="py_lib-1.10.tar.gz"),
        GitHub(repository="owner/lib", ref="v1.10"),
        Git(repository="git@example.org:lib.git", commit="b" * 40),
        Url(url="https://example.org/lib.tar.gz"),
        Local(path=tmp_path / "mirrors/lib"),
    ]
    debian, pypi = lib.places[:2]
    assert debian.where == f"{tmp_path}/x.lock.yaml:11"
    assert (debian.strip, debian.subdir) == (1, "")
    assert (pypi.strip, pypi.subdir) == (0, "third_party/lib")
    assert pypi.archive == debian.archive
    assert pypi.archive is not None
    assert (pypi.archive.sha256, pypi.archive.size) == (HEX, 12)


MISTAKES = [
    ("schema_version: 1", "schema_version: 2", ":1: schema_version: must be 1, the version this"),
    ("exclude", "exlude", ":8: sources.lib.exlude: unknown key\n    perhaps you meant 'exclude'"),
    ("    version: 1.10\n", "", ":4: sources.lib: the key 'version' is missing"),
    (
        f"tree: {HEX}\n    include",
        "tree: abc\n    include",
        ":6: sources.lib.tree: must be a SHA-256",
    ),
    ("size: &size 12", "size: &size -1", ":13: sources.lib.places[0].size: must be a whole number"),
    ("strip: 1", "strip: one", "strip: must be a whole number, not 'one'"),
    ("subdir: third", "subdir: ../third", "subdir: must be a relative path without '..'"),
    ("subdir: third_party/lib", "subdir: /lib", "subdir: must be a relative path without '..'"),
    ("owner/lib@v1.10", "owner/lib", "github: must be OWNER/NAME@TAG-OR-COMMIT, not 'owner/lib'"),
    ("b" * 40, "main", "git: must be URL-OR-PATH@COMMIT, the commit in 40 hex digits"),
    ("git@example.org", "--upload-pack=x", "git: must be URL-OR-PATH@COMMIT"),
    ("url: https:", "url: ftp:", "url: must be an http or https URL"),
    ("project: py-lib, ", "", "places[1].pypi: the key 'project' is missing"),
    ("file: py_lib", "file: ../py_lib", "file: must be a plain name, not '../py_lib-1.10.tar.gz'"),
    ("        size: *size\n        subdir", "        subdir", "needs 'sha256' and 'size'"),
    ("- github", "- gitub", "a place is exactly one of path, debian, pypi, github, url, git"),
    ("other-2.0:legal", "oter:legal", ":4: sources.lib: licences: there is no source 'oter'"),
    ("  lib:", "  'a b':", "a source's name has letters, digits and '_.+-' only"),
    ("[{path: /other}]", "[]", "places: must be a list with at least one item"),
    ("include: [", "tree: x\n    include: [", ":7: sources.lib.tree: this key is given twice"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_says_what_is_wrong_and_where(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(right, wrong))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/x.lock.yaml:")


def test_says_everything_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("strip: 1", "strip: x").replace("exclude", "exlude")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(("text", "message"), [("", "empty"), ("a: [", "YAML"), ("- a", "mapping")])
def test_a_file_that_is_no_lock(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.yaml: cannot be read: .*No such file"):
        load_lock(tmp_path / "no.yaml")


def test_the_lock_of_the_project_is_right_and_every_source_has_a_second_place_or_a_hash() -> None:
    lock = load_lock(LOCK)
    assert {"tensorflow-2.14.1", "eigen", "ml_dtypes", "nsync-1.29.2"} <= lock.sources.keys()
    for source in lock.sources.values():
        assert source.tree != "0" * 64, source.name
        if source.name != "ruy":  # no package of it could be had
            has_hash = any(place.archive for place in source.places)
            assert has_hash or len(source.places) > 1, source.name
        assert source.licences, source.name
