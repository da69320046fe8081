"""Files of Python packages, from the index that this machine's pip is configured for.

The index is read as the simple repository API (PEP 503 and PEP 691) offers it. ``pip download`` is
no help here: it runs an sdist's build to learn its metadata.
"""

from __future__ import annotations

import ast
import html.parser
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import requests

from buildtool.core.errors import DownloadError, Problem
from buildtool.core.run import Command, run
from buildtool.sources.download import reason
from buildtool.sources.session import Patience

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
DEFAULT_INDEX = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


@dataclass(frozen=True, kw_only=True)
class PipSettings:
    """What pip is told: ``indexes`` are simple indexes (http, https or file), ``folders`` local
    folders with files, ``verify`` as requests takes it.
    """

    indexes: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    verify: str | bool = True


def pip_settings() -> PipSettings:
    """Ask pip for its settings; the package index of the pip itself is the default.

    Raises:
        DownloadError: there is no pip on this machine and ``PIP_INDEX_URL`` is not set.
    """
    python = sys.executable if importlib.util.find_spec("pip") else shutil.which("python3") or ""
    listing = _ask(python, "-m", "pip", "config", "list")
    options = parse_config(listing)
    index = options.get("index-url") or os.environ.get("PIP_INDEX_URL") or _default(python)
    words = options.get("extra-index-url", "").split()
    places = options.get("find-links", "").split()
    return PipSettings(
        indexes=(index, *words),
        folders=tuple(Path(place) for place in places if Path(place).is_dir()),
        verify=options.get("cert", True),
    )


def parse_config(listing: str) -> Mapping[str, str]:
    """Return the options of ``pip config list`` by name; the more special section wins, and the
    environment over all, as in pip.
    """
    found: dict[str, tuple[int, str]] = {}
    ranks = {"global": 0, "download": 1, "install": 1, ":env:": 2}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, _, option = key.rpartition(".")
        rank = ranks.get(section, -1)
        if equals and rank >= found.get(option, (0, ""))[0]:
            found[option] = (rank, str(ast.literal_eval(value)))
    return {option: value for option, (_, value) in found.items()}


def _ask(*argv: str) -> str:
    if not argv[0]:
        return ""
    return run(Command(argv=argv), what="asking pip for its settings", check=False).stdout


def _default(python: str) -> str:
    found = _ask(python, "-c", DEFAULT_INDEX).strip()
    if not found:
        raise DownloadError(
            Problem(
                where="Python package index",
                what="there is no pip here that says where the index is",
                todo="install pip for this Python, or set PIP_INDEX_URL",
            )
        )
    return found


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
