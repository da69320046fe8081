"""Templates to files: what is written, what is left alone, what goes away."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest

from buildtool.core.render import (
    MANIFEST,
    Renderer,
    c_string,
    cmake_string,
    make_word,
    response_word,
    to_json,
    write_if_changed,
)

NASTY = [
    "",
    "plain",
    "a b",
    'a "quoted" word',
    "it's",
    "back\\slash\\",
    "\\n is no newline",
    "two\nlines\ttab",
    "$HOME ${HOME} $ENV{HOME} @HOME@ %d %s",
    "{{ 7*7 }} {% if %} {# no #}",
    "what??/ trigraphs ??=",
    "bell\a1 escape\x1b7 delete\x7f",
    "BiasOp<CPUDevice, float>",
    "ünïcödé ™ \U0001f40d",
    "# no comment // nor this /* nor this */",
    "(brackets) [=[ and ]=] <angles>",
    "`backticks` & | > * ? ! ~ ^",
]
PRINTER = """
#include <stdio.h>
int main(void) {
  const char* all[] = {%s};
  for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    fputs(all[i], stdout);
    fputc(0, stdout);
  }
}
"""


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    return found


def test_a_file_is_written_once_and_left_alone_while_it_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    assert write_if_changed(path, "one\n")
    os.utime(path, (1, 1))
    assert not write_if_changed(path, "one\n")
    assert path.stat().st_mtime == 1
    assert write_if_changed(path, "two\n")
    assert path.read_bytes() == b"two\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_if_changed(path, "old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as failure:
            write_if_changed(path, "new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert failure.value.errno == errno.EFBIG
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_written_one_way() -> None:
    assert to_json({"b": [1], "a": "ü"}) == '{\n  "a": "ü",\n  "b": [\n    1\n  ]\n}\n'


def test_c_strings_mean_the_same_to_a_compiler(tmp_path: Path) -> None:
    source = tmp_path / "print.c"
    source.write_text(PRINTER % ", ".join(map(c_string, NASTY)), encoding="utf-8")
    argv = [needs("cc"), "-std=c99", "-Wall", "-Werror", str(source), "-o", str(tmp_path / "print")]
    subprocess.run(argv, check=True)
    done = subprocess.run([str(tmp_path / "print")], check=True, capture_output=True)
    assert done.stdout.decode("utf-8").split("\0")[:-1] == NASTY


def test_cmake_strings_mean_the_same_to_cmake(tmp_path: Path) -> None:
    script = tmp_path / "print.cmake"
    lines = [
        f"file(WRITE {cmake_string(str(tmp_path / str(place)))} {cmake_string(text)})"
        for place, text in enumerate(NASTY)
    ]
    script.write_text("\n".join(lines), encoding="utf-8")
    subprocess.run([needs("cmake"), "-P", str(script)], check=True)
    written = [(tmp_path / str(place)).read_text("utf-8") for place in range(len(NASTY))]
    assert written == NASTY


def test_a_list_in_cmake_keeps_its_items_apart(tmp_path: Path) -> None:
    items = ["a b", "semi;colon", 'quo"te', "$x", "back\\slash"]
    script = tmp_path / "print.cmake"
    listed = "\n".join(cmake_string(item) for item in items)
    script.write_text(
        f"set(items {listed})\nforeach(item IN LISTS items)\n"
        '  file(APPEND "${CMAKE_CURRENT_LIST_DIR}/out" "${item}\\n")\nendforeach()\n',
        encoding="utf-8",
    )
    subprocess.run([needs("cmake"), "-P", str(script)], check=True)
    assert (tmp_path / "out").read_text("utf-8").splitlines() == items


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "one.j2").write_text("value {{ value }}\n", encoding="utf-8")
    (folder / "flags.j2").write_text("{{ value | c_string }}\n", encoding="utf-8")
    return folder


def render(folder: Path, templates: Path, files: dict[str, str]) -> Renderer:
    renderer = Renderer(folder, templates=templates)
    for name, value in files.items():
        renderer.render(name, "one.j2", value=value)
    renderer.finish()
    return renderer


def test_the_manifest_names_all_files_with_their_hashes(tmp_path: Path, templates: Path) -> None:
    out = tmp_path / "out"
    renderer = render(out, templates, {"b/file": "{{ 7*7 }}", "a": "<&>"})
    assert renderer.changed == ["b/file", "a"]
    assert (out / "b/file").read_text("utf-8") == "value {{ 7*7 }}\n"
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    assert manifest == {
        "a": hashlib.sha256(b"value <&>\n").hexdigest(),
        "b/file": hashlib.sha256(b"value {{ 7*7 }}\n").hexdigest(),
    }
    assert render(out, templates, {"b/file": "{{ 7*7 }}", "a": "<&>"}).changed == []


def test_what_nobody_writes_any_more_goes_away_and_strangers_stay(
    tmp_path: Path, templates: Path
) -> None:
    out = tmp_path / "out"
    render(out, templates, {"kept": "1", "gone/deep/file": "2"})
    (out / "stranger").write_text("mine", encoding="utf-8")
    render(out, templates, {"kept": "1"})
    assert not (out / "gone" / "deep" / "file").exists()
    assert (out / "kept").exists()
    assert (out / "stranger").read_text("utf-8") == "mine"


def test_two_writers_of_one_file_are_refused(tmp_path: Path, templates: Path) -> None:
    renderer = Renderer(tmp_path / "out", templates=templates)
    renderer.render("file", "one.j2", value="1")
    with pytest.raises(RuntimeError, match="two writers of file"):
        renderer.render("file", "flags.j2", value="2")
    assert (tmp_path / "out" / "file").read_text("utf-8") == "value 1\n"


def test_a_value_that_a_template_misses_is_an_error(tmp_path: Path, templates: Path) -> None:
    renderer = Renderer(tmp_path / "out", templates=templates)
    with pytest.raises(jinja2.UndefinedError):
        renderer.render("file", "one.j2", other="1")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"file": 3'])
def test_a_manifest_that_cannot_be_read_is_written_anew(
    tmp_path: Path, templates: Path, content: str
) -> None:
    out = tmp_path / "out"
    render(out, templates, {"file": "1"})
    (out / MANIFEST).write_text(content, encoding="utf-8")
    render(out, templates, {"file": "1"})
    assert list(json.loads((out / MANIFEST).read_text("utf-8"))) == ["file"]


SAYABLE = [text for text in NASTY if "\n" not in text and text]


def test_make_hands_a_word_on_as_it_is(tmp_path: Path) -> None:
    make = needs("make")
    words = " ".join(map(make_word, SAYABLE))
    (tmp_path / "Makefile").write_text(
        f"WORDS := {words}\nall:\n\t@printf '%s\\0' $(WORDS)\n", encoding="utf-8"
    )
    done = subprocess.run([make, "-C", tmp_path, "-s"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == SAYABLE


def test_a_compiler_reads_the_words_of_a_file_as_they_are(tmp_path: Path) -> None:
    compiler = needs("gcc")
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    flags = "\n".join(response_word(f"-DX={text}") for text in SAYABLE)
    (tmp_path / "flags.txt").write_text(flags, encoding="utf-8")
    words = [compiler, "-###", f"@{tmp_path / 'flags.txt'}", "-c", str(tmp_path / "main.c")]
    said = subprocess.run(words, capture_output=True, check=True).stderr.decode()
    started = next(line for line in said.splitlines() if "cc1" in line)
    # Python's shlex keeps the backslash before what a shell would expand within quotes.
    started = re.sub(r"\\([$`])", r"\1", started)
    given = [word for word in shlex.split(started) if word.startswith("X=")]
    assert given == [f"X={text}" for text in SAYABLE]


def test_what_is_plain_stays_as_it_is_for_a_shell() -> None:
    for word in ("-Wl,--whole-archive", "lib/libtensorflow.a", "-DLIMIT=4", "-std=c++17"):
        assert response_word(word) == make_word(word) == word
