"""The wire format: what is whole is read, what is cut off is said to be."""

from __future__ import annotations

import struct

import pytest

from buildtool.core.datatypes import base, name_of, short
from buildtool.model.attributes import Attr
from buildtool.model.textformat import TextError, encode
from buildtool.model.wire import WireError, fields, signed, varint, write_field, write_varint


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31, 2**63 - 1, 2**64 - 1])
def test_varints_come_back(value: int) -> None:
    content = write_varint(value)
    assert varint(content, 0, len(content)) == (value, len(content))


def test_negative_numbers_take_ten_bytes_and_come_back() -> None:
    content = write_varint(-1)
    assert len(content) == 10
    assert signed(varint(content, 0, 10)[0]) == -1


def test_fields_of_every_kind() -> None:
    content = (
        write_field(1, 300) + write_field(2, b"abc") + write_field(3, 1.5) + write_field(200, b"x")
    )
    found = list(fields(content, (0, len(content))))
    assert [(number, kind) for number, kind, _, _ in found] == [(1, 0), (2, 2), (3, 5), (200, 2)]
    assert content[slice(*found[1][2:])] == b"abc"
    assert write_field(3, 1.5, double=True)[0] & 7 == 1


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x0a\x05abc", "a field of 5 bytes is cut off at byte 0"),
        (b"\x08\xff", "a number is cut off at byte 1"),
        (b"\x0d\x00", "a number is cut off at byte 0"),
        (b"\x0a", "a number is cut off at byte 1"),
        (b"\x0b", "wire type 3 does not exist here at byte 0"),
        (b"\x08" + b"\xff" * 11, "a number is cut off at byte 1"),
    ],
)
def test_what_is_no_message(content: bytes, what: str) -> None:
    with pytest.raises(WireError) as caught:
        list(fields(content, (0, len(content))))
    assert str(caught.value) == what


def test_type_names() -> None:
    assert name_of(1) == "DT_FLOAT"
    assert name_of(123) == "DT_UINT64_REF"
    assert name_of(29) == "DT_29"
    assert name_of(2**64 - 1) == "DT_18446744073709551615"
    assert (base("DT_FLOAT_REF"), short("DT_INT64")) == ("DT_FLOAT", "int64")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("type: DT_FLOAT", b"\x30\x01"),
        ("type: 1", b"\x30\x01"),
        ("b: true  # a comment", b"\x28\x01"),
        ("i: -1", b"\x18" + b"\xff" * 9 + b"\x01"),
        ("i: 0x10;", b"\x18\x10"),
        ("f: 1.5f", b"\x25\x00\x00\xc0\x3f"),
        ("f: -inf", b"\x25\x00\x00\x80\xff"),
        ('s: \'a\' "b\\n\\x41\\101\\\\\\""', b'\x12\x07ab\nAA\\"'),
        ("s: 'é\\303\\251'", b"\x12\x04\xc3\xa9\xc3\xa9"),
        ("list { i: [1, 2] i: 3 }", b"\x0a\x06\x18\x01\x18\x02\x18\x03"),
        ("list < type: DT_INT32 >", b"\x0a\x02\x30\x03"),
        ("shape: { dim { size: -1 }, unknown_rank: false }", None),
        ("", b""),
    ],
)
def test_text_becomes_the_wire_format(text: str, content: bytes | None) -> None:
    encoded = encode(text, "AttrValue")
    assert content is None or encoded == content


DEEP = "messages are nested more than 100 deep"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("node {\n  nam: 'x'\n}", 2, "NodeDef has no field 'nam'"),
        ("node {\n name: x }", 2, "'x' where a quoted string should stand"),
        ("node { name: 'x'\n", 2, "the end of the text where a field of NodeDef should stand"),
        ("node { attr { value { type: DT_FLAOT } } }", 1, "'DT_FLAOT' is no DataType"),
        ("node { attr { value { b: maybe } } }", 1, "'maybe' is no bool"),
        ("}", 1, "'}' where a field of GraphDef should stand"),
        ("node: 'x'", 1, "\"'x'\" where '{' should stand"),
        ("node {\n name: 'cut", 2, '"\'cut" is no text-format token'),
        ("debug_info { files: [", 1, "the end of the text inside a message"),
        ("node {\n name: 'a\\x' }", 2, "the string has an escape that stands for no character"),
        ("node { name: '\\ud800' }", 1, "the string has an escape that stands for no character"),
        (
            "node { name: '\\Uffffffff' }",
            1,
            "the string has an escape that stands for no character",
        ),
        ("node { attr { value { f: 1e300 } } }", 1, "'1e300' is no float"),
        (f"version: {2**70}", 1, f"'{2**70}' is no int"),
        (f"version: -{2**63 + 1}", 1, f"'-{2**63 + 1}' is no int"),
        ("node { attr { value { type: 1.5 } } }", 1, "'1.5' is no DataType"),
        (f"node {{ attr {{ value {{ {'func { attr { value { ' * 3000}", 1, DEEP),
    ],
)
def test_what_is_no_text(text: str, line: int, what: str) -> None:
    with pytest.raises(TextError) as caught:
        encode(text, "GraphDef")
    assert (caught.value.line, str(caught.value)) == (line, what)


def test_debug_information_is_left_out() -> None:
    text = "node { name: 'x' } debug_info { files: ['a', 'b'] traces { key: 'x' value <> } }"
    assert encode(text, "GraphDef") == encode("node { name: 'x' }", "GraphDef")


@pytest.mark.parametrize(
    "content",
    [b"\x22\x10" + struct.pack("<4f", 1, 1.5, 1.5, 1), (b"\x25" + bytes(4)) * 4],
    ids=["packed", "one by one"],
)
def test_a_list_of_floats_is_as_long_as_it_is(content: bytes) -> None:
    """FractionalAvgPool wants four: how many there are counts, however they are written."""
    buffer = b"\x0a" + bytes([len(content)]) + content
    value = Attr(buffer, (0, len(buffer))).decode()
    assert value.kind == "list(float)"
    assert value.value == (None,) * 4
