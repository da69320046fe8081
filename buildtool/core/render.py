"""Templates to files. Written only when the content changed; every file has one writer; a
manifest tells what was written, with hashes. No logic: templates get values and print them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from buildtool.core.errors import writing
from buildtool.core.paths import TEMPLATES

MANIFEST = "manifest.json"


def write_if_changed(path: Path, content: str) -> bool:
    """Write ``content`` unless the file holds it already; never leaves a half-written file."""
    return write_bytes_if_changed(path, content.encode("utf-8"))


def write_bytes_if_changed(path: Path, data: bytes) -> bool:
    """As :func:`write_if_changed`, for content that need not be text."""
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with writing(path):
            temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def to_json(value: Any) -> str:
    """The one way that JSON is written: sorted keys, two spaces, a final newline."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class Renderer:
    """Renders templates into one folder, and knows all that it wrote there."""

    def __init__(self, folder: Path, *, templates: Path = TEMPLATES) -> None:
        import jinja2  # noqa: PLC0415 - many steps write no more than JSON

        self.folder = folder
        self.changed: list[str] = []
        self._hashes: dict[str, str] = {}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(templates),
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # noqa: S701 - the files are C++, CMake and text, not HTML
        )
        self._environment.filters["c_string"] = c_string
        self._environment.filters["kotlin_string"] = kotlin_string
        self._environment.filters["cmake_string"] = cmake_string
        self._environment.filters["cmake_items"] = cmake_items
        self._environment.filters["pkg_config_word"] = pkg_config_word
        self._environment.filters["starlark_string"] = starlark_string
        self._environment.filters["response_word"] = response_word
        self._environment.filters["make_word"] = make_word
        self._environment.filters["yaml_string"] = yaml_string

    def render(self, name: str, template: str, **values: Any) -> Path:
        """Render ``template`` into the file ``name`` of the folder."""
        return self.write(name, self.text(template, **values))

    def text(self, template: str, **values: Any) -> str:
        """Render ``template`` into text that becomes part of a file."""
        return self._environment.get_template(template).render(**values)

    def write(self, name: str, content: str) -> Path:
        """Write a file of the folder. Raises RuntimeError if it was written before."""
        if name in self._hashes:
            raise RuntimeError(f"two writers of {name}")
        path = self.folder / name
        if write_if_changed(path, content):
            self.changed.append(name)
        self._hashes[name] = hashlib.sha256(content.encode("utf-8")).hexdigest()
        return path

    def finish(self) -> Path:
        """Write the manifest, and remove what an earlier manifest named and nobody wrote now."""
        path = self.folder / MANIFEST
        for name in _written_before(path):
            if name not in self._hashes:
                (self.folder / name).unlink(missing_ok=True)
        write_if_changed(path, to_json(self._hashes))
        return path


def _written_before(manifest: Path) -> tuple[str, ...]:
    """The files that a manifest names; none if there is none, or somebody spoilt it."""
    try:
        written = json.loads(manifest.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return ()
    return tuple(written) if isinstance(written, dict) else ()


def c_string(text: str) -> str:
    """A C string literal, in UTF-8. Octal escapes end after three digits, hexadecimal ones do not;
    an escaped question mark begins no trigraph."""
    plain = {"\\": "\\\\", '"': '\\"', "?": "\\?"}
    return '"' + "".join(plain.get(c, c if c >= " " else f"\\{ord(c):03o}") for c in text) + '"'


def kotlin_string(text: str) -> str:
    """A string literal of Kotlin (Kotlin language specification, "String mode grammar"): a dollar
    would begin a template."""
    plain = {"\\": "\\\\", '"': '\\"', "$": "\\$"}
    return '"' + "".join(plain.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in text) + '"'


def cmake_string(text: str) -> str:
    """A quoted CMake argument (cmake-language(7), "Quoted Argument"), for an item of a list: a
    semicolon does not end it."""
    for character in '\\"$;':
        text = text.replace(character, "\\" + character)
    return f'"{text}"'


def cmake_items(items: Iterable[str]) -> str:
    """A quoted CMake argument that is a list."""
    return '"' + ";".join(cmake_string(item)[1:-1] for item in items) + '"'


def pkg_config_word(text: str) -> str:
    """A word of ``Cflags`` or ``Libs``, split as by a shell (pc(5)); ``#`` would begin
    a comment, and ``$`` a variable."""
    return re.sub(r"[^\w./:+,@%=~^-]", lambda found: f"\\{found[0]}", text).replace("$", "$$")


def response_word(text: str) -> str:
    """A word of a file that compilers take as ``@FILE`` (GCC manual, "Overall Options"): what is
    plain stands as it is, so that ``$(cat FILE)`` gives the same words where all are."""
    return re.sub(r"""[\s\\'"]""", lambda found: f"\\{found[0]}", text)


def make_word(text: str) -> str:
    """A word of a make variable that ends in the line of a shell (GNU make manual, "What Makefiles
    Contain"): ``#`` would begin a comment there, and ``$`` a reference."""
    return shlex.quote(text).replace("$", "$$").replace("#", "\\#")


def yaml_string(text: str) -> str:
    """A double-quoted scalar of YAML (YAML 1.2, "Double-Quoted Style"). A string of JSON is one, as
    long as no character is written as a surrogate pair."""
    return json.dumps(text, ensure_ascii=False)


def starlark_string(text: str) -> str:
    """A string literal of Starlark (Starlark specification, "String literals"): octal escapes are
    what every Bazel knows."""
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(plain.get(c, c if c >= " " else f"\\{ord(c):03o}") for c in text) + '"'
