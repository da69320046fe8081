"""Which generated file defines a function of proto_text's."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.backends.makefile.prototexts import ProtoTextIndex

GRAPH = """\
string ProtoDebugString(
    const ::tensorflow::GraphDef& msg) {
}
bool ProtoParseFromScanner(
    ::tensorflow::strings::Scanner* scanner, bool nested, bool close_curly,
    ::tensorflow::GraphDef* msg) {
  internal::Other(scanner, msg);
}
"""
TYPES = """\
const char* EnumName_DataType(
    ::tensorflow::DataType value) {
}
"""


@pytest.mark.parametrize(
    ("symbol", "file"),
    [
        ("tensorflow::ProtoDebugString[abi:cxx11](tensorflow::GraphDef const&)", "graph"),
        (
            "tensorflow::internal::ProtoParseFromScanner(tensorflow::strings::Scanner*, bool, "
            "bool, tensorflow::GraphDef*)",
            "graph",
        ),
        (
            "tensorflow::internal::AppendProtoDebugString(tensorflow::strings::ProtoTextOutput*, "
            "tensorflow::NodeDef const&)",
            None,
        ),
        ("tensorflow::EnumName_DataType(tensorflow::DataType)", "types"),
        ("tensorflow::Run(tensorflow::GraphDef const&)", None),
    ],
)
def test_functions_are_found_by_their_message(
    tmp_path: Path, symbol: str, file: str | None
) -> None:
    paths = [tmp_path / "graph.pb_text.cc", tmp_path / "types.pb_text.cc"]
    for path, text in zip(paths, (GRAPH, TYPES), strict=True):
        path.write_text(text)
    expected = [tmp_path / f"{file}.pb_text.cc"] if file else []
    assert ProtoTextIndex(paths).candidates(symbol) == expected
