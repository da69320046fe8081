"""Files of Debian source packages, through apt but beside the machine's own apt state.

Archive addresses and keyrings are those of the machine's apt sources, so that mirrors and trust
stay the administrator's. The lists of source packages that we need (other suites, ``deb-src``) are
kept in our cache; nothing of the machine's apt is changed and no root is needed.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from buildtool.core.errors import DownloadError, Problem, ToolError
from buildtool.core.run import Command, Completed, run
from buildtool.sources.cache import Cache, writing
from buildtool.sources.lock import Debian
from buildtool.sources.progress import Progress

APT_FOLDER = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
FRESH_SECONDS = 6 * 3600
# Lists are asked for again sooner if some could not be had; but not for each source of one run.
TROUBLED_SECONDS = 60
# Names under which a Debian archive's suites may stand in the machine's own sources.
GENERIC_SUITES = ("stable", "testing", "unstable", "sid")


@dataclass(frozen=True, kw_only=True)
class AptSource:
    """One entry of the machine's apt sources. ``signed_by`` is as written: paths, or a key."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A file of a source package, as apt's signed lists describe it."""

    url: str
    sha256: str


def find_file(
    wanted: Debian,
    suites: tuple[str, ...],
    *,
    cache: Cache,
    progress: Progress,
    apt_folder: Path = APT_FOLDER,
) -> PackageFile:
    """Find ``wanted.file`` through apt, in any of ``suites`` and the machine's own release.

    Raises:
        DownloadError: there is no apt here, no Debian archive in its sources, or no suite there
            that has that file.
    """
    text = private_sources(machine_sources(apt_folder), suites, _codename())
    if not text:
        raise _failure(wanted, f"the apt sources in {apt_folder} name no Debian archive")
    apt = _PrivateApt(cache=cache, text=text, progress=progress)
    try:
        with cache.locked(f"apt-{apt.key}", what="package lists", progress=progress):
            return apt.find(wanted)
    except ToolError:
        raise _failure(wanted, "there is no apt on this machine") from None


def machine_sources(apt_folder: Path) -> tuple[AptSource, ...]:
    """Read ``sources.list`` and ``sources.list.d`` (both formats of sources.list(5))."""
    folder = apt_folder / "sources.list.d"
    found: list[AptSource] = []
    for path in [apt_folder / "sources.list", *sorted(folder.glob("*.list"))]:
        if path.is_file():
            found += parse_one_line(path.read_text("utf-8", "replace"))
    for path in sorted(folder.glob("*.sources")):
        found += parse_deb822(path.read_text("utf-8", "replace"))
    return tuple(found)


def parse_one_line(text: str) -> Iterator[AptSource]:
    """Parse ``deb [options] URI SUITE COMPONENT...`` lines."""
    form = re.compile(
        r"^\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#\n]*)", re.MULTILINE
    )
    for options, uri, suite, components in form.findall(text):
        signed_by = re.search(r"\bsigned-by=(\S+)", options)
        yield AptSource(
            uris=tuple(_expanded(uri)),
            suites=(suite,),
            components=tuple(components.split()),
            signed_by=signed_by.group(1).replace(",", " ") if signed_by else "",
        )


def parse_deb822(text: str) -> Iterator[AptSource]:
    """Parse stanzas with ``Types:``, ``URIs:``, ``Suites:`` and so on."""
    for stanza in stanzas(text):
        if stanza.get("enabled", "yes").lower() not in ("no", "false", "0"):
            yield AptSource(
                uris=tuple(
                    uri for word in stanza.get("uris", "").split() for uri in _expanded(word)
                ),
                suites=tuple(stanza.get("suites", "").split()),
                components=tuple(stanza.get("components", "").split()),
                signed_by=stanza.get("signed-by", ""),
            )


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """Parse deb822 text; keys in lower case, continuation lines kept as they are."""
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for block in re.split(r"\n\s*\n", plain):
        fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.MULTILINE)
        if fields:
            yield {key.lower(): value for key, value in fields}


def _expanded(uri: str) -> Iterable[str]:
    """Return the addresses in the file that a ``mirror+file:`` address names."""
    if not uri.startswith("mirror+file:"):
        return [uri]
    path = Path(uri.partition(":")[2])
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def private_sources(sources: Iterable[AptSource], suites: tuple[str, ...], codename: str) -> str:
    """Return a sources list that asks the machine's Debian archives for ``suites`` and for the
    machine's own; empty if none of its entries is such an archive.
    """
    known = {*suites, codename, *GENERIC_SUITES}
    archives: dict[str, str] = {}
    for source in sources:
        if "main" in source.components and known & set(source.suites):
            archives |= {uri.rstrip("/"): source.signed_by for uri in source.uris}
    asked = " ".join(dict.fromkeys([*suites, *([codename] if codename else [])]))
    return "\n".join(
        f"Types: deb-src\nURIs: {uri}\nSuites: {asked}\nComponents: main\n"
        + (f"Signed-By: {signed_by}\n" if signed_by else "")
        for uri, signed_by in sorted(archives.items())
    )


def _codename() -> str:
    text = OS_RELEASE.read_text("utf-8") if OS_RELEASE.is_file() else ""
    found = re.search(r'^VERSION_CODENAME="?([\w-]+)', text, re.MULTILINE)
    return found.group(1) if found else ""


class _PrivateApt:
    """apt with its own sources list and package lists, below our cache."""

    def __init__(self, *, cache: Cache, text: str, progress: Progress) -> None:
        self.key = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._folder = cache.folder("apt", self.key)
        self._stamp = self._folder / "updated"
        self._text = text
        self._progress = progress

    def find(self, wanted: Debian) -> PackageFile:
        if not self._is_fresh():
            self._update()
        version = self._version(wanted)
        argv = ("source", "--print-uris", "--only-source", f"{wanted.package}={version}")
        for url, name, sha256 in re.findall(
            r"^'([^']+)' (\S+) \d+ SHA256:([0-9a-f]{64})", self._run("apt-get", *argv), re.MULTILINE
        ):
            if name == wanted.file:
                return PackageFile(url=url, sha256=sha256)
        raise _failure(wanted, f"apt does not say where {wanted.file} is")

    def _version(self, wanted: Debian) -> str:
        """Return the full version of a package that has the file."""
        versions = []
        for stanza in stanzas(self._run("apt-cache", "showsrc", "--only-source", wanted.package)):
            if wanted.file in stanza.get("checksums-sha256", "").split():
                return stanza["version"]
            versions.append(stanza.get("version", ""))
        has = (
            f"they have {', '.join(sorted(versions))}" if versions else "they have no such package"
        )
        said = f"\n    apt-get update said: {trouble}" if (trouble := self._trouble()) else ""
        raise _failure(wanted, f"no suite has {wanted.file}; {has}{said}")

    def _is_fresh(self) -> bool:
        try:
            age = time.time() - self._stamp.stat().st_mtime
        except FileNotFoundError:
            return False
        return age < (TROUBLED_SECONDS if self._trouble() else FRESH_SECONDS)

    def _trouble(self) -> str:
        """Return what apt said of lists that it could not fetch."""
        return self._stamp.read_text("utf-8").strip()

    def _update(self) -> None:
        """Fetch the package lists. A suite that an archive lacks makes apt fail but leaves the
        others, so that only the search tells.
        """
        with writing(self._folder):
            (self._folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
            (self._folder / "private.sources").write_text(self._text, "utf-8")
        self._progress.note("Debian source packages: fetching their lists")
        errors = self._call("apt-get", "update").stderr
        lines = [line for line in errors.splitlines() if line.startswith(("E:", "W:"))]
        with writing(self._stamp):
            self._stamp.write_text("\n".join(lines), "utf-8")

    def _run(self, program: str, *arguments: str) -> str:
        return self._call(program, *arguments).stdout

    def _call(self, program: str, *arguments: str) -> Completed:
        options = {
            "Dir::Etc::sourcelist": self._folder / "private.sources",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": self._folder / "lists",
            "Dir::Cache": self._folder,
            # A mirror may lag behind. What is taken from it is known by its hash all the same.
            "Acquire::Check-Valid-Until": "false",
            # The unprivileged user that apt takes as root may not enter our folder.
            "APT::Sandbox::User": "root",
        }
        flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        command = Command(argv=(program, *flags, *arguments), env={"LC_ALL": "C"})
        return run(command, what=f"{program} {arguments[0]}", check=False)


def _failure(wanted: Debian, what: str) -> DownloadError:
    return DownloadError(Problem(where=str(wanted), what=what))
