"""A local HTTP server with manners good and bad, archives made on the spot, small lock files."""

from __future__ import annotations

import hashlib
import http.server
import io
import re
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from buildtool.sources import Cache, Lock, Patience, fetch, load_lock
from buildtool.sources.treehash import tree_sha256

HASTY = Patience(connect=2, read=0.5, attempts=2, pause=0.01)


@dataclass(kw_only=True)
class Page:
    """What the server gives at a path. ``cuts`` are the numbers of bytes after which the first
    answers break off; ``statuses`` are sent by the first answers instead of the content."""

    content: bytes = b""
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    stall: float = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Server:
    """The pages by path, the address, and what was asked: (path, Range header)."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    site: Server

    def do_GET(self) -> None:
        asked_range = self.headers.get("Range", "")
        self.site.asked.append((self.path, asked_range))
        page = self.site.pages.get(self.path)
        if page is None or page.statuses:
            self.send_error(page.statuses.pop(0) if page else 404)
            return
        start = self._start(page, asked_range)
        body = page.content[start:]
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if page.cuts:
            self.wfile.write(body[: page.cuts.pop(0)])
            self.wfile.flush()
            time.sleep(page.stall)
            self.close_connection = True
            return
        self.wfile.write(body)

    def _start(self, page: Page, asked_range: str) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", asked_range)
        if not (found and page.ranges):
            self.send_response(200)
            return 0
        start = int(found.group(1))
        self.send_response(206)
        size = len(page.content)
        self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        return start

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base's name)
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    class Bound(Handler):
        site = Server(url="")

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bound) as running:
        Bound.site.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield Bound.site
        running.shutdown()
        thread.join()


def pack(files: Mapping[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    """A .tar.gz of ``files`` and of members without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in extra:
            tar.addfile(info)
    return buffer.getvalue()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A small source: its files, the archive with them below ``top/``, its tree hash."""

    files: Mapping[str, bytes]
    archive: bytes
    tree: str

    @property
    def hashes(self) -> str:
        """The lines of a place that lock the archive."""
        digest = hashlib.sha256(self.archive).hexdigest()
        return f"sha256: {digest}\n        size: {len(self.archive)}"


def make_sample(folder: Path) -> Sample:
    """Write the sample's files below ``folder`` and pack them."""
    # Not compressible, so that cutting the archive cuts its content.
    noise = b"".join(hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(4000))
    files = {"LICENSE": b"free\n", "src/a.cc": noise, "src/b.h": b"int b;\n"}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    archive = pack({f"top/{name}": content for name, content in files.items()})
    return Sample(files=files, archive=archive, tree=tree_sha256(folder))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A server, an empty cache, a sample source (also unpacked in ``folder/sample``), and locks
    in ``folder`` that name it ``lib``."""

    folder: Path
    server: Server
    sample: Sample
    cache: Cache
    hasty: Patience = HASTY
    pack: Callable[..., bytes] = pack

    def serve(self, path: str, **options: Any) -> None:
        """Put a page on the server."""
        self.server.pages[path] = Page(**options)

    def place(self, path: str) -> str:
        """The lines of a place of kind url at a path of the server."""
        return f"url: {self.server.url}{path}\n        {self.sample.hashes}\n        strip: 1"

    def lock(self, *places: str, tree: str = "", more: str = "") -> Lock:
        """A lock whose one source has these places."""
        path = self.folder / "test.lock.yaml"
        listed = "".join(f"      - {place}\n" for place in places)
        path.write_text(
            "schema_version: 1\nsources:\n  lib:\n    version: '1.0'\n"
            f"    tree: {tree or self.sample.tree}\n    licences: [LICENSE]\n{more}"
            f"    places:\n{listed}",
            "utf-8",
        )
        return load_lock(path)

    def content(self, lock: Lock, **options: Any) -> dict[str, bytes]:
        """Fetch ``lib`` into the cache; return its files."""
        return self.content_of(fetch(lock, "lib", cache=self.cache, **options).path)

    @staticmethod
    def content_of(path: Path) -> dict[str, bytes]:
        """The files below a folder."""
        files = [file for file in path.rglob("*") if file.is_file()]
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def bench(tmp_path: Path, server: Server, cache: Cache) -> Bench:
    return Bench(
        folder=tmp_path, server=server, sample=make_sample(tmp_path / "sample"), cache=cache
    )


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(root=tmp_path / "cache")


@pytest.fixture
def hasty() -> Patience:
    return HASTY


@pytest.fixture
def packed() -> Callable[..., bytes]:
    return pack
