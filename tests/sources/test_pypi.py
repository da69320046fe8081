from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from buildtool.core.errors import DownloadError
from buildtool.sources.pypi import IndexFile, PipSettings, find_file, parse_config, pip_settings


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
    with pytest.raises(DownloadError, match=f"offers a file with SHA-256 {'c' * 64}, locked is "):
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
