"""The reader of attributes' values for messages that cannot read text, beside protobuf's own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from buildtool.core.render import Renderer
from tests.limits import HANG

HEADER = "tensorflow/core/framework/attr_value_reader.h"
TYPES = {"string": "s", "int": "i", "float": "f"}
DEFAULT = re.compile(r'\.Attr\(\s*"\w+:\s*(list\()?(\w+)\)?\s*(?:>=\s*-?\d+\s*)?=\s*(.*?)"\)')
# Both read each text to the same message, or both refuse it.
TEXTS = r"""
i: -0x10
i: 017
i: 9223372036854775807
i: -9223372036854775808
i: 9223372036854775808
i: 1.5
i: 08
i: [1]
i 3
i: 3 # a comment
i:3;
f: -inf
f: nan
f: 1e-5
f: 1.f
f: 3f
f: .5
f: Infinity
f: x
b: True
b: t
b: 1
b: yes
s: "a" 'b' "\n\x41\101"
s: 'it\'s'
s: "open
s: 3
s: "\q"
s: ""
type: DT_FLOAT_REF
type: 3
type: DT_NONE
shape: {}
shape: { unknown_rank: true }
shape { dim { size: 3 name: "n" } dim < size: -1 >, }
shape { dim: [{ size: 3 }, { size: 4 }] }
tensor { dtype: DT_INT32 tensor_shape { dim { size: 2 } } int_val: [1, 2] }
tensor { dtype: DT_STRING tensor_shape {} string_val: "a" string_val: "\000\377" }
tensor { double_val: 3 bool_val: true uint64_val: 18446744073709551615 half_val: 15360 }
tensor { tensor_content: "abc" version_number: 3 scomplex_val: 1 dcomplex_val: 2 int64_val: -5 }
tensor { uint32_val: 4294967296 }
func: { name: 'g' }
func { name: "f" attr { key: "T" value { type: DT_FLOAT } } attr { key: "n" value { i: 3 } } }
func { attr { key: "x" value { func { name: "g" attr { key: "y" value { list { s: "a" } } } } } } }
list { func { name: "f" } func { name: "g" } }
list { s: ["a", 'b'], i: [1,-2] f: [1.5, 2] b: [true, 0] type: [DT_INT8, DT_HALF] }
list { shape: [{ dim { size: 1 } }, { unknown_rank: true }] }
list { tensor: [{ dtype: DT_INT8 int_val: 1 }] }
list { i: [1 2] }
list { i: [1,] }
list { i: [] }
list {
list { }
list: { i: 1 }
list { nosuch: 1 }
nosuch: 3
placeholder: "T"
{ i: 3 }
"""
PROGRAM = """
#include <fstream>
#include <iostream>
#include <string>

#include "google/protobuf/text_format.h"
#include "tensorflow/core/framework/attr_value_reader.h"

int main(int, char** words) {
  std::ifstream file(words[1]);
  google::protobuf::LogSilencer quiet;
  for (std::string text; std::getline(file, text);) {
    tensorflow::AttrValue theirs, ours;
    const bool known = google::protobuf::TextFormat::ParseFromString(text, &theirs);
    const bool read = tensorflow::AttrValueReader(text).Read(&ours);
    const bool same = known == read && (!read || theirs.DebugString() == ours.DebugString());
    std::cout << (same ? known ? "read " : "refused " : "OTHERWISE ") << text << "\\n";
  }
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, wheel_dir: Path) -> Path:
    """Reads each line of a file in both ways. The messages are those of TensorFlow's wheel, whose
    code is called as that of lite ones is."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    wheel, folder = wheel_dir / "tensorflow", tmp_path_factory.mktemp("reader")
    Renderer(folder / "include").render(HEADER, f"native/include/{HEADER}.j2")
    source, made = folder / "main.cc", folder / "main"
    source.write_text(PROGRAM, encoding="utf-8")
    includes = (f"-I{folder / 'include'}", f"-I{wheel / 'include'}")
    library = (str(wheel / "libtensorflow_framework.so.2"), f"-Wl,-rpath,{wheel}")
    argv = ["g++", "-std=c++17", "-O0", "-w", *includes, str(source), "-o", str(made), *library]
    subprocess.run(argv, check=True, timeout=HANG)
    return made


def said(program: Path, texts: list[str]) -> list[str]:
    file = program.with_name("texts.txt")
    file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    done = subprocess.run(
        [program, file], check=True, timeout=HANG, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.splitlines()


@pytest.mark.wheel
def test_it_reads_and_refuses_what_protobuf_does(program: Path) -> None:
    answers = said(program, TEXTS.strip().splitlines())
    assert [line for line in answers if line.startswith("OTHERWISE")] == []
    assert sum(line.startswith("refused") for line in answers) == 18


@pytest.mark.wheel
@pytest.mark.real_tree
def test_it_reads_what_ops_are_registered_with(program: Path, real_tree: Path) -> None:
    texts = set()
    for path in sorted((real_tree / "tensorflow/core/ops").glob("*.cc")):
        for many, kind, value in DEFAULT.findall(path.read_text(encoding="utf-8")):
            key = TYPES.get(kind, kind if kind in {"shape", "tensor", "func"} else "")
            key = key or ("b" if kind == "bool" else "type" if value.startswith("DT_") else "")
            if key and not many:
                texts.add(f"{key}: {value}".replace('\\"', '"'))
    answers = said(program, sorted(texts))
    assert len(answers) > 50
    assert [line for line in answers if not line.startswith("read")] == []
