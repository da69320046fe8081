from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import DownloadError
from buildtool.sources.pip_settings import PipSettings, parse_config, pip_settings
from buildtool.sources.pypi import IndexFile, find_file


@pytest.fixture
def own_pip(monkeypatch: pytest.MonkeyPatch, bench: Any) -> None:
    """Settings of pip that no file or variable of this machine changes."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{bench.server.url}/simple/")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)


def place(bench: Any) -> str:
    return (
        "pypi: {project: Py.Lib, version: '1.0', file: py_lib-1.0.tar.gz}\n"
        f"        {bench.sample.hashes}\n        strip: 1"
    )


def link(bench: Any, sha256: str = "") -> bytes:
    digest = sha256 or hashlib.sha256(bench.sample.archive).hexdigest()
    return (
        "<!DOCTYPE html><html><body><a href='other-1.0.zip'>other</a>\n"
        f"<a href='../../files/py_lib-1.0.tar.gz#sha256={digest}' data-x>py_lib-1.0.tar.gz</a>"
    ).encode()


@pytest.mark.usefixtures("own_pip")
def test_a_file_is_found_in_a_html_index(bench: Any) -> None:
    bench.serve("/simple/py-lib/", content=link(bench), headers={"Content-Type": "text/html"})
    bench.serve("/files/py_lib-1.0.tar.gz", content=bench.sample.archive)
    assert bench.content(bench.lock(place(bench))) == bench.sample.files


@pytest.mark.usefixtures("own_pip")
def test_a_file_is_found_in_a_json_index(bench: Any) -> None:
    listing = {"files": [{"filename": "py_lib-1.0.tar.gz", "url": "/f", "hashes": {}}]}
    kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    bench.serve("/simple/py-lib/", content=json.dumps(listing).encode(), headers=kind)
    bench.serve("/f", content=bench.sample.archive)
    assert bench.content(bench.lock(place(bench))) == bench.sample.files


@pytest.mark.usefixtures("own_pip")
def test_an_index_that_offers_other_bytes_is_refused_before_the_download(bench: Any) -> None:
    bench.serve("/simple/py-lib/", content=link(bench, "c" * 64))
    with pytest.raises(DownloadError, match=f"offers a file with SHA-256 {'c' * 64}, not "):
        bench.content(bench.lock(place(bench)))
    assert [path for path, _ in bench.server.asked] == ["/simple/py-lib/"]


def test_an_index_without_the_file_or_the_project(bench: Any, hasty: Any) -> None:
    bench.serve("/one/py-lib/", content=b"<a href='py_lib-0.9.tar.gz'>x</a>")
    settings = PipSettings(indexes=(f"{bench.server.url}/one", f"{bench.server.url}/two/"))
    with pytest.raises(DownloadError) as caught:
        find_file(settings, "Py_Lib", "py_lib-1.0.tar.gz", patience=hasty)
    text = str(caught.value)
    assert f"{bench.server.url}/one: has 1 files of Py_Lib, but not py_lib-1.0.tar.gz" in text
    assert f"{bench.server.url}/two/: cannot be read: 404" in text


def test_local_indexes_and_folders_serve_too(bench: Any, hasty: Any, tmp_path: Path) -> None:
    page = tmp_path / "my index" / "simple" / "py-lib" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(link(bench, "c" * 64))
    settings = PipSettings(indexes=((tmp_path / "my index" / "simple").as_uri(),))
    name = "py_lib-1.0.tar.gz"
    found = find_file(settings, "py-lib", name, patience=hasty)
    url = (tmp_path / "my index/files" / name).as_uri()
    assert found == IndexFile(name=name, url=url, sha256="c" * 64)
    (tmp_path / name).write_bytes(b"")
    nearer = PipSettings(indexes=settings.indexes, folders=(tmp_path,))
    assert find_file(nearer, "py-lib", name, patience=hasty).url == (tmp_path / name).as_uri()


@pytest.mark.usefixtures("own_pip")
def test_the_settings_are_those_of_pip(bench: Any) -> None:
    assert pip_settings() == PipSettings(indexes=(f"{bench.server.url}/simple/",))


@pytest.mark.usefixtures("own_pip")
def test_an_index_that_nothing_configures_is_pips_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("COLUMNS", "40")  # pip breaks lines in the middle of a URL there
    (index,) = pip_settings().indexes
    assert re.fullmatch(r"https://[a-z.]+/simple/?", index)


@pytest.mark.usefixtures("own_pip")
def test_certificates_and_more_indexes_are_those_of_pips_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://a/simple\nextra-index-url =\n  https://b\n  https://c\n"
        f"cert = /etc/own.pem\nfind-links = {tmp_path}\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL")
    assert pip_settings() == PipSettings(
        indexes=("https://a/simple", "https://b", "https://c"),
        folders=(tmp_path,),
        verify="/etc/own.pem",
    )


def test_a_machine_without_pip_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tools: Any
) -> None:
    nothing = tools(without=("python*", "pypy*"), scripts={"python3": "exit 1"})
    monkeypatch.setenv("PATH", str(nothing))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    with pytest.raises(DownloadError, match="install pip for this Python, or set PIP_INDEX_URL"):
        pip_settings()


def test_the_more_special_section_of_pip_wins() -> None:
    listing = "\n".join(
        [
            ":env:.index-url='https://env/simple'",
            "download.cert='/d.pem'",
            "global.cert='/g.pem'",
            "global.extra-index-url='\\nhttps://a\\nhttps://b'",
            "global.index-url='https://global/simple'",
            "freeze.timeout='10'",
        ]
    )
    assert parse_config(listing) == {
        "index-url": "https://env/simple",
        "cert": "/d.pem",
        "extra-index-url": "\nhttps://a\nhttps://b",
    }
