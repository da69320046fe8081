"""One file over HTTP: resumed after a cut-off, tried again, and only then called by its name.

The bytes go to ``<target>.part``. Only a whole file whose size and SHA-256 are the locked ones is
renamed to ``target``. A file without a locked hash is never resumed: nothing would tell that two
halves belong together.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
import urllib3

from buildtool.core.errors import DownloadError, Problem
from buildtool.sources.cache import write_all, writing
from buildtool.sources.lock import ArchiveHash
from buildtool.sources.patience import Patience
from buildtool.sources.progress import Progress
from buildtool.sources.treehash import file_sha256

CHUNK = 1 << 18
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, kw_only=True)
class Fetchable:
    """A file to be had over HTTP. ``label`` names it for people; ``verify`` is what requests
    takes: a file with trusted certificates, or True for the usual ones.
    """

    url: str
    label: str
    expected: ArchiveHash | None = None
    verify: str | bool = True


class _TryAgainError(Exception):
    """The attempt failed for a reason that may pass."""


def download(wanted: Fetchable, target: Path, *, progress: Progress, patience: Patience) -> None:
    """Bring ``wanted`` to ``target``.

    Raises:
        DownloadError: the server has no such file, or ends too early again and again, or sends
            other bytes than the locked ones.
        StorageError: no room; what is here already is kept and resumed by the next run.
    """
    part = target.with_name(target.name + ".part")
    idle, pause, best = 0, patience.pause, _size(part)
    while True:
        before = _size(part)
        try:
            _attempt(wanted, part, progress=progress, patience=patience)
            _verify(wanted, part, resumed=before > 0)
            break
        except _TryAgainError as failure:
            idle = 0 if _size(part) > best else idle + 1
            best = max(best, _size(part))
            if idle >= patience.attempts:
                raise _failure(wanted, f"{failure} ({idle} attempts)") from None
            pause = patience.pause if idle == 0 else pause * 2
            time.sleep(pause)
        finally:
            progress.end(wanted.label)
    with writing(target):
        part.replace(target)


def _attempt(wanted: Fetchable, part: Path, *, progress: Progress, patience: Patience) -> None:
    expected = wanted.expected
    start = _size(part) if expected else 0
    if expected and start == expected.size:
        return
    if expected and start > expected.size:
        start = 0
    try:
        with _open(wanted, start, patience) as response:
            start = _check(wanted, response, start, part)
            total = _total(wanted, response, start)
            end = start
            for end in _received(response, part, start):
                progress.update(wanted.label, end, total)
                if total is not None and end > total:
                    part.unlink()
                    raise _failure(wanted, f"the server sent more than the {total} bytes expected")
    except BROKEN as failure:
        if _has_no_address(failure):
            raise _failure(wanted, f"there is no way to it: {reason(failure)}") from None
        raise _TryAgainError(f"the connection broke: {reason(failure)}") from None
    if total is not None and end < total:
        raise _TryAgainError(f"the connection ended after {end} of {total} bytes")


def _open(wanted: Fetchable, start: int, patience: Patience) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    return requests.get(
        wanted.url,
        headers=headers,
        stream=True,
        timeout=(patience.connect, patience.read),
        verify=wanted.verify,
    )


def _check(wanted: Fetchable, response: requests.Response, start: int, part: Path) -> int:
    """Return the offset that the answer's bytes belong at."""
    status = response.status_code
    if status == HTTPStatus.PARTIAL_CONTENT:
        if response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return start
        part.unlink(missing_ok=True)
        raise _TryAgainError("the server resumed at another place")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise _TryAgainError("the server could not resume")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _TryAgainError(f"the server answered {status} {response.reason}")
    if status != HTTPStatus.OK:
        raise _failure(wanted, f"the server answered {status} {response.reason}")
    return 0


def _total(wanted: Fetchable, response: requests.Response, start: int) -> int | None:
    if wanted.expected:
        return wanted.expected.size
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _received(response: requests.Response, part: Path, start: int) -> Iterator[int]:
    """Write the answer's bytes to ``part`` from ``start`` on; yield its size after each chunk."""
    with writing(part):
        file = part.open("ab" if start else "wb", buffering=0)
    with file:
        for chunk in _chunks(response):
            with writing(part):
                write_all(file, chunk)
            start += len(chunk)
            yield start


def _chunks(response: requests.Response) -> Iterator[bytes]:
    # As sent: some servers declare a .tar.gz to be a compressed transfer of a .tar.
    return response.raw.stream(CHUNK, decode_content=False)


def _verify(wanted: Fetchable, part: Path, *, resumed: bool) -> None:
    if wanted.expected is None:
        return
    got = file_sha256(part)
    if got == wanted.expected.sha256:
        return
    part.unlink()
    if resumed:
        raise _TryAgainError("the resumed file had other bytes; it is fetched anew")
    raise _failure(wanted, f"wrong bytes: SHA-256 {got}, not {wanted.expected.sha256} as locked")


def _failure(wanted: Fetchable, what: str) -> DownloadError:
    return DownloadError(Problem(where=wanted.url, what=what))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _has_no_address(failure: BaseException | None) -> bool:
    """Say whether the host's name could not be resolved: waiting seldom mends that."""
    while failure and not isinstance(failure, socket.gaierror):
        failure = failure.__cause__ or failure.__context__
    return failure is not None


def reason(failure: BaseException) -> str:
    """Return the innermost words: requests and urllib3 wrap the cause several times."""
    cause: object = failure
    while isinstance(cause, BROKEN):
        inner = getattr(cause, "reason", None) or (cause.args[-1] if cause.args else None)
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return str(cause) or type(cause).__name__
