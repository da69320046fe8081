from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import DownloadError
from buildtool.sources import Progress
from buildtool.sources.debian import (
    AptSource,
    PackageFile,
    find_file,
    machine_sources,
    parse_deb822,
    parse_one_line,
    private_sources,
)
from buildtool.sources.lock import Debian

WANTED = Debian(package="lib", version="1.0", file="lib_1.0.orig.tar.gz")
MAIN = AptSource(
    uris=("http://deb.example.org/debian/",),
    suites=("bookworm", "bookworm-updates"),
    components=("main", "contrib"),
    signed_by="/usr/share/keyrings/debian.gpg",
)
HEX = "a" * 64


def test_reads_one_line_sources() -> None:
    text = (
        "# deb http://off.example.org/ sid main\n"
        "deb [arch=amd64 signed-by=/k1.gpg,/k2.gpg] http://a.example.org/debian bookworm"
        " main contrib # x\n"
        "deb-src http://b.example.org/debian sid main\n"
    )
    assert list(parse_one_line(text)) == [
        AptSource(
            uris=("http://a.example.org/debian",),
            suites=("bookworm",),
            components=("main", "contrib"),
            signed_by="/k1.gpg /k2.gpg",
        ),
        AptSource(uris=("http://b.example.org/debian",), suites=("sid",), components=("main",)),
    ]


def test_reads_deb822_sources_with_a_key_inside(tmp_path: Path) -> None:
    mirrors = tmp_path / "mirrors.list"
    mirrors.write_text("# near\nhttp://near.example.org/debian priority:1\n")
    text = (
        f"Types: deb\n# a remark\nURIs: mirror+file:{mirrors}\nSuites: trixie\nComponents: main\n"
        "Signed-By:\n -----BEGIN\n .\n abc\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.example.org/\nSuites: sid\nComponents: main\n"
    )
    assert list(parse_deb822(text)) == [
        AptSource(
            uris=("http://near.example.org/debian",),
            suites=("trixie",),
            components=("main",),
            signed_by="\n -----BEGIN\n .\n abc",
        )
    ]


def test_reads_all_files_of_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a/ sid main\n")
    (folder / "b.list").write_text("deb http://b/ sid main\n")
    (folder / "c.sources").write_text("Types: deb\nURIs: http://c/\nSuites: sid\n")
    (folder / "d.save").write_text("deb http://d/ sid main\n")
    uris = [source.uris for source in machine_sources(tmp_path)]
    assert uris == [("http://a/",), ("http://b/",), ("http://c/",)]


def test_asks_the_main_archive_alone_and_for_source_packages() -> None:
    other = AptSource(
        uris=("https://vendor.example.org",), suites=("tool-bookworm",), components=("main",)
    )
    assert private_sources([MAIN, other], ("trixie", "sid"), "bookworm") == (
        "Types: deb-src\nURIs: http://deb.example.org/debian\nSuites: trixie sid bookworm\n"
        "Components: main\nSigned-By: /usr/share/keyrings/debian.gpg\n"
    )


def test_a_machine_without_a_debian_archive(bench: Any, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"lib 1\.0: the apt sources in .* name no Debian"):
        find_file(WANTED, ("sid",), cache=bench.cache, progress=Progress(), apt_folder=tmp_path)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sources, and an apt on the PATH that notes how it is called."""
    tools = tmp_path / "tools"
    tools.mkdir()
    stanzas = (
        "Package: lib\nVersion: 2.0-1\nChecksums-Sha256:\n a 1 lib_2.0.orig.tar.gz\n\n"
        "Package: lib\nVersion: 1.0-3\nChecksums-Sha256: \n b 2 lib_1.0-3.dsc\n"
        " c 3 lib_1.0.orig.tar.gz\nHomepage: x\n"
    )
    uris = (
        f"'http://deb/lib_1.0-3.dsc' lib_1.0-3.dsc 2 SHA256:{'b' * 64}\n"
        f"'http://deb/lib%5f1.0.orig.tar.gz' lib_1.0.orig.tar.gz 3 SHA256:{HEX}\n"
    )
    for name, text in (("apt-get", uris), ("apt-cache", stanzas)):
        (tmp_path / name).write_text(text)
        tool = tools / name
        log = f'echo "{name} $*" >> {tmp_path}/log'
        tool.write_text(f"#!/bin/sh\n{log}\n[ $# -lt 14 ] || cat {tmp_path}/{name}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    (tmp_path / "sources.list").write_text("deb http://deb/debian sid main\n")
    return tmp_path


def test_finds_the_version_that_has_the_file(bench: Any, apt: Path) -> None:
    def find() -> PackageFile:
        return find_file(WANTED, ("sid",), cache=bench.cache, progress=Progress(), apt_folder=apt)

    expected = PackageFile(url="http://deb/lib%5f1.0.orig.tar.gz", sha256=HEX)
    assert find() == expected
    assert find() == expected
    calls = [
        line.split("APT::Sandbox::User=root ")[1] for line in (apt / "log").read_text().splitlines()
    ]
    look = ["showsrc --only-source lib", "source --print-uris --only-source lib=1.0-3"]
    assert calls == ["update", *look, *look], "fresh lists are not fetched again"
    assert "Acquire::Check-Valid-Until=false " in (apt / "log").read_text()
    assert "Dir::Etc::sourceparts=- " in (apt / "log").read_text()
    assert f"Dir::State::lists={bench.cache.root}/apt/" in (apt / "log").read_text()


def test_says_which_versions_there_are(bench: Any, apt: Path) -> None:
    wanted = Debian(package="lib", version="1.5", file="lib_1.5.orig.tar.gz")
    with pytest.raises(
        DownloadError, match=r"no suite has lib_1\.5\.orig\.tar\.gz; they have 1\.0-3, 2\.0-1"
    ):
        find_file(wanted, ("sid",), cache=bench.cache, progress=Progress(), apt_folder=apt)


def test_a_machine_without_apt(bench: Any, apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(apt / "nothing"))
    with pytest.raises(DownloadError, match="there is no apt on this machine"):
        find_file(WANTED, ("sid",), cache=bench.cache, progress=Progress(), apt_folder=apt)


def test_says_what_apt_said_of_lists_that_it_could_not_fetch(bench: Any, apt: Path) -> None:
    tool = apt / "tools/apt-get"
    tool.write_text("#!/bin/sh\necho 'E: no Release file' >&2\necho noise >&2\nexit 100\n")
    (apt / "apt-cache").write_text("")
    with pytest.raises(DownloadError) as caught:
        find_file(WANTED, ("sid",), cache=bench.cache, progress=Progress(), apt_folder=apt)
    text = "they have no such package\n    apt-get update said: E: no Release file"
    assert str(caught.value).endswith(text)
