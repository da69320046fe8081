"""Files of Python packages, from the index that this machine's pip is configured for.

The index is read as the simple repository API (PEP 503 and PEP 691) offers it. ``pip download`` is
no help here: it runs an sdist's build to learn its metadata.
"""

from __future__ import annotations

import html.parser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import requests

from buildtool.core.errors import DownloadError, Problem
from buildtool.sources.download import reason
from buildtool.sources.patience import Patience
from buildtool.sources.pip_settings import PipSettings

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)


@dataclass(frozen=True, kw_only=True)
class IndexFile:
    """A file that an index offers; ``sha256`` is empty where the index does not say."""

    name: str
    url: str
    sha256: str


def find_file(settings: PipSettings, project: str, file: str, *, patience: Patience) -> IndexFile:
    """Find ``file`` of ``project`` in the indexes and folders, in order.

    Raises:
        DownloadError: none has it; the error says what each answered.
    """
    for folder in settings.folders:
        if (folder / file).is_file():
            return IndexFile(name=file, url=(folder / file).as_uri(), sha256="")
    problems = []
    for index in settings.indexes:
        try:
            offered = list(_read_index(index, project, settings.verify, patience))
        except (requests.RequestException, OSError, ValueError) as failure:
            problems.append(Problem(where=index, what=f"cannot be read: {reason(failure)}"))
            continue
        for candidate in offered:
            if candidate.name == file:
                return candidate
        what = f"has {len(offered)} files of {project}, but not {file}"
        problems.append(Problem(where=index, what=what))
    raise DownloadError(problems)


def _read_index(
    index: str, project: str, verify: str | bool, patience: Patience
) -> Iterator[IndexFile]:
    page = f"{index.rstrip('/')}/{project.lower().replace('_', '-').replace('.', '-')}/"
    if page.startswith("file:"):
        path = local_path(page) / "index.html"
        return _html_files(path.as_uri(), path.read_text("utf-8"))
    response = requests.get(
        page,
        headers={"Accept": ACCEPT},
        timeout=(patience.connect, patience.read),
        verify=verify,
    )
    response.raise_for_status()
    if "json" in response.headers.get("Content-Type", ""):
        return _json_files(response.url, response.json()["files"])
    return _html_files(response.url, response.text)


def local_path(url: str) -> Path:
    """Return the path of a ``file:`` URL."""
    return Path(unquote(urlsplit(url).path))


def _json_files(base: str, files: Iterable[Mapping[str, object]]) -> Iterator[IndexFile]:
    for file in files:
        hashes = file.get("hashes")
        yield IndexFile(
            name=str(file["filename"]),
            url=urljoin(base, str(file["url"])),
            sha256=str(hashes.get("sha256", "")) if isinstance(hashes, dict) else "",
        )


def _html_files(base: str, text: str) -> Iterator[IndexFile]:
    parser = _Links()
    parser.feed(text)
    for link in parser.links:
        url, fragment = urldefrag(urljoin(base, link))
        kind, _, value = fragment.partition("=")
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        yield IndexFile(name=name, url=url, sha256=value if kind == "sha256" else "")


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for key, value in attrs if tag == "a" and key == "href" and value]
