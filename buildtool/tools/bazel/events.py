"""What a build does and did, from Bazel's own event stream (``--build_event_json_file``).

One JSON object a line, as ``build_event_stream.proto`` names their fields; numbers of 64 bits are
strings, and what is false or 0 is left out. With ``--build_event_publish_all_actions`` each action
is there with its command line, whether it failed or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from buildtool.core.errors import Problem
from buildtool.core.run import TAIL_LINES

FLAG = "--build_event_publish_all_actions"
_ERROR = re.compile(r"^ERROR: (.*)", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
# ExitCode.java: what is not the build's own failure, and what to do about it.
_CODES = {
    "COMMAND_LINE_ERROR": "is a flag given that this Bazel does not know?",
    "INTERRUPTED": "run the same again; what was built is kept",
    "LOCAL_ENVIRONMENTAL_ERROR": "is there space on the disk, and may the output base be written?",
    "OOM_ERROR": "give Bazel less to do at once, or more memory",
    "REMOTE_ERROR": "is the remote cache or executor within reach?",
    "REMOTE_ENVIRONMENTAL_ERROR": "is the remote cache or executor within reach?",
    "LOCK_HELD_NOBLOCK_FOR_LOCK": "another Bazel works in this output base; wait for it",
}


@dataclass(frozen=True, kw_only=True)
class Action:
    """A finished action: ``type`` is Bazel's mnemonic (``CppCompile``), ``output`` its first output
    below the execution root. ``stderr`` is the file with what it printed."""

    type: str
    label: str
    output: str
    success: bool
    command: tuple[str, ...] = ()
    stderr: Path | None = None


@dataclass(frozen=True, kw_only=True)
class BuildOutcome:
    """The end of a build. ``code`` and ``name`` are Bazel's exit code, None and empty if it did not
    come to an end; ``outputs`` are files by target; ``aborted`` say what could not be analysed, and
    ``errors`` are what Bazel printed as such."""

    code: int | None
    name: str
    actions: tuple[Action, ...]
    outputs: Mapping[str, tuple[Path, ...]]
    aborted: tuple[Problem, ...]
    errors: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Action, ...]:
        """The actions that failed."""
        return tuple(each for each in self.actions if not each.success)


class EventFile:
    """Follows the file that a Bazel writes. Lines that are not complete yet wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0
        self._actions: list[Action] = []
        self._sets: dict[str, Mapping[str, Any]] = {}
        self._completed: dict[str, list[str]] = {}
        self._aborted: list[Problem] = []
        self._printed: list[str] = []
        self._exit: Mapping[str, Any] | None = None

    def poll(self) -> tuple[Action, ...]:
        """The actions that ended since the last call; none while there is no file."""
        before = len(self._actions)
        for event in self._read():
            self._take(event)
        return tuple(self._actions[before:])

    def end(self) -> BuildOutcome:
        """What is known, once Bazel has ended."""
        self.poll()
        code = self._exit
        return BuildOutcome(
            code=int(code.get("code", 0)) if code is not None else None,
            name=str(code.get("name", "")) if code is not None else "",
            actions=tuple(self._actions),
            outputs={
                label: tuple(sorted({path for key in keys for path in self._files(key)}))
                for label, keys in sorted(self._completed.items())
            },
            aborted=tuple(self._aborted),
            errors=tuple(dict.fromkeys(_ERROR.findall(_COLOURS.sub("", "".join(self._printed))))),
        )

    def _read(self) -> Iterator[Mapping[str, Any]]:
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._place)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._place += len(line)
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # Bazel was killed while it wrote, and started anew
                if isinstance(event, dict) and isinstance(event.get("id"), dict):
                    yield event

    def _take(self, event: Mapping[str, Any]) -> None:
        identity = event["id"]
        if "actionCompleted" in identity and "action" in event:
            self._actions.append(_action(identity["actionCompleted"], event["action"]))
        elif "namedSet" in identity and "namedSetOfFiles" in event:
            self._sets[identity["namedSet"]["id"]] = event["namedSetOfFiles"]
        elif "targetCompleted" in identity and event.get("completed", {}).get("success"):
            groups = event["completed"].get("outputGroup", ())
            self._completed[identity["targetCompleted"]["label"]] = [
                part["id"]
                for group in groups
                if group.get("name") == "default"
                for part in group.get("fileSets", ())
            ]
        elif "progress" in event:
            self._printed.append(str(event["progress"].get("stderr", "")))
        elif "buildFinished" in identity and "finished" in event:
            self._exit = event["finished"].get("exitCode", {})
        if "aborted" in event:
            self._aborted += _aborted(identity, event["aborted"])

    def _files(self, key: str) -> Iterator[Path]:
        """The files of a set, and of the sets in it."""
        found = self._sets.get(key, {})
        yield from (_path(each["uri"]) for each in found.get("files", ()) if "uri" in each)
        for inner in found.get("fileSets", ()):
            yield from self._files(inner["id"])


def problems_of(ended: BuildOutcome, *, what: str, log: Path) -> list[Problem]:
    """Why a build failed, for people; none if it did not. ``what`` names the build, and ``log``
    has all that Bazel printed."""
    if ended.code == 0:
        return []
    problems = [_failure(action) for action in ended.failed]
    problems += [each for each in ended.aborted if not ended.failed]
    if problems:
        return problems
    if ended.code is None:
        said = "Bazel was killed, or ended before it could say why"
        todo = f"is there enough memory and space on the disk? Its output: {log}"
        return [Problem(where=what, what=said, todo=todo)]
    advice = _CODES.get(ended.name, "")
    said = "".join(f"\n    {line}" for line in ended.errors)
    return [
        Problem(
            where=what,
            what=f"Bazel ended with {ended.name or 'an error'} (exit code {ended.code}){said}",
            todo=f"{advice}; its output: {log}" if advice else f"its output: {log}",
        )
    ]


def _action(identity: Mapping[str, Any], said: Mapping[str, Any]) -> Action:
    stderr = said.get("stderr", {}).get("uri", "")
    return Action(
        type=str(said.get("type", "")),
        label=str(said.get("label", identity.get("label", ""))),
        output=str(identity.get("primaryOutput", "")),
        success=bool(said.get("success", False)),
        command=tuple(said.get("commandLine", ())),
        stderr=_path(stderr) if stderr.startswith("file:") else None,
    )


def _failure(action: Action) -> Problem:
    text = ""
    if action.stderr is not None and action.stderr.is_file():
        text = action.stderr.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()][-TAIL_LINES:]
    said = "".join(f"\n    {line}" for line in lines)
    return Problem(
        where=action.label,
        what=f"{action.type} of {action.output} failed{said}",
        todo=f"its command: {' '.join(action.command)}" if action.command else "",
    )


def _aborted(identity: Mapping[str, Any], said: Mapping[str, Any]) -> list[Problem]:
    """Something that did not happen. What was given up because of something else is no cause."""
    description = str(said.get("description", "")).strip()
    if not description:
        return []
    inner = next((each for each in identity.values() if isinstance(each, dict)), {})
    where = str(inner.get("label", "") or inner.get("pattern", ""))
    where = where if where and where[0] != "[" else "Bazel"
    return [Problem(where=where, what=description)]


def _path(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))
