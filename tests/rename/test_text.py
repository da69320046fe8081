"""Renaming protobuf in a text: what is renamed, and all that looks like it but is not."""

from __future__ import annotations

import pytest

from buildtool.core.errors import ConfigError
from buildtool.rename import Kind, check_prefix, kind_of, rename_text
from buildtool.rename.names import defined_macros
from buildtool.rename.text import rename_lines

MACROS = frozenset({"GOOGLE_CHECK", "PROTOBUF_VERSION", "GOOGLE_PROTOBUF_ANY_H__"})


def renamed(text: str, kind: Kind = Kind.CXX) -> str:
    """The renamed text, which renaming leaves as it is."""
    new = rename_text(text, kind, "tf", macros=MACROS)
    assert rename_text(new, kind, "tf", macros=MACROS) == new
    assert new.count("\n") == text.count("\n")
    return new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("google::protobuf::Message m;", "tf_google::protobuf::Message m;"),
        ("namespace pb = ::google::protobuf;", "namespace pb = ::tf_google::protobuf;"),
        ("using namespace google::protobuf;", "using namespace tf_google::protobuf;"),
        ("google /* a */ ::\n  // b\n protobuf x;", "tf_google /* a */ ::\n  // b\n protobuf x;"),
        ("const::google::protobuf::X& x", "const::tf_google::protobuf::X& x"),
        ("f(a)<::google::protobuf::X>", "f(a)<::tf_google::protobuf::X>"),
        (
            "namespace google { namespace protobuf { class Any; } }",
            "namespace tf_google { namespace protobuf { class Any; } }",
        ),
        ("namespace google::protobuf::io { }", "namespace tf_google::protobuf::io { }"),
        (
            "namespace google {\n#if 1 // {\nnamespace protobuf {\n}}",
            "namespace tf_google {\n#if 1 // {\nnamespace protobuf {\n}}",
        ),
        (
            "#define OPEN \\\n  namespace google { \\\n  namespace protobuf {\nint x;",
            "#define OPEN \\\n  namespace tf_google { \\\n  namespace protobuf {\nint x;",
        ),
        (
            "namespace google { class F; namespace protobuf { class M; } struct G {}; }",
            "namespace google { class F; } namespace tf_google { namespace protobuf { class M; } }"
            " namespace google { struct G {}; }",
        ),
        ("#include <google/protobuf/any.h>", "#include <tf_google/protobuf/any.h>"),
        ('#  import "google/protobuf/any.h"', '#  import "tf_google/protobuf/any.h"'),
        (
            '#include "../src/google/protobuf/any.h"  // google/protobuf/',
            '#include "../src/tf_google/protobuf/any.h"  // google/protobuf/',
        ),
        ("#if __has_include(<google/protobuf/a.h>)", "#if __has_include(<tf_google/protobuf/a.h>)"),
        ('__has_include( "google/protobuf/a.h")', '__has_include( "tf_google/protobuf/a.h")'),
        ("#define H <google/protobuf/a.h>", "#define H <tf_google/protobuf/a.h>"),
        ("GOOGLE_CHECK(x) << y;", "tf_GOOGLE_CHECK(x) << y;"),
        ("#if 3021000 < PROTOBUF_VERSION", "#if 3021000 < tf_PROTOBUF_VERSION"),
        (
            "&descriptor_table_google_2fprotobuf_2fany_2eproto;",
            "&descriptor_table_tf_5fgoogle_2fprotobuf_2fany_2eproto;",
        ),
        (
            "namespace protobuf_google_2fprotobuf_2fany_2eproto {",
            "namespace protobuf_tf_5fgoogle_2fprotobuf_2fany_2eproto {",
        ),
        ("1'000 ? '\\'' : google::protobuf::X", "1'000 ? '\\'' : tf_google::protobuf::X"),
        ('R"(")" google::protobuf::X', 'R"(")" tf_google::protobuf::X'),
        ('u8"\\"" google::protobuf::X', 'u8"\\"" tf_google::protobuf::X'),
        ("/* don't */ google::protobuf::X", "/* don't */ tf_google::protobuf::X"),
        ("#error don't\ngoogle::protobuf::X", "#error don't\ntf_google::protobuf::X"),
        ("\r\ngoogle::protobuf::X;\r\n", "\r\ntf_google::protobuf::X;\r\n"),
    ],
)
def test_is_renamed(text: str, new: str) -> None:
    assert renamed(text) == new


@pytest.mark.parametrize(
    "text",
    [
        "google::protobuf_x::Y y;",
        "my_google::protobuf::Y y;",
        "other::google::protobuf::Y y;",
        "google_protobuf_x google_protobuf::x;",
        "google::rpc::Status s;",
        "namespace google { namespace rpc { class protobuf; } }",
        "tensorflow::protobuf::Message m; protobuf::Arena a;",
        "// google::protobuf::X, GOOGLE_CHECK(x)",
        "// goes on \\\n google::protobuf::X",
        "/* #include <google/protobuf/any.h>\n*/",
        'Print("::google::protobuf::$name$ GOOGLE_CHECK google/protobuf/any.h");',
        '"a \\" google::protobuf::X"',
        'R"x(google::protobuf::X)" google::protobuf::Y)x"',
        "char c = '\"'; // google::protobuf",
        "#include <google/protobuf_x/any.h>",
        "#include <my_google/protobuf/any.h>",
        "#if GOOGLE_CUDA && MY_GOOGLE_CHECK && GOOGLE_CHECKS",
        "int my_2fgoogle_2fprotobuf_2fany_2eproto;",
        "int google; google = 1;",
    ],
)
def test_is_left_alone(text: str) -> None:
    assert renamed(text) == text


def test_all_of_the_namespace_in_sources_of_protobuf_is_its_own() -> None:
    text = "namespace google { namespace upb { class H; } namespace protobuf { upb::H* h; } }"
    assert renamed(text, Kind.PROTOBUF) == text.replace("google", "tf_google")


def test_lines_that_bring_in_all_of_the_namespace_are_named() -> None:
    text = "google::protobuf::X x;\nusing namespace google;\nnamespace g = google;\n"
    done = rename_lines(text, Kind.CXX, "tf")
    assert done.text == text.replace("google::p", "tf_google::p")
    assert done.doubts == (2, 3)


def test_proto_files_keep_the_names_on_the_wire() -> None:
    text = 'import "google/protobuf/any.proto";\nmessage M { google.protobuf.Any any = 1; }\n'
    assert renamed(text, Kind.PROTO) == text


def test_build_files_name_the_moved_sources_and_the_protos_that_stay() -> None:
    text = "A = google/protobuf/any.cc x/google/protobuf/io/*.h google/protobuf/any.proto"
    assert renamed(text, Kind.BUILD) == (
        "A = tf_google/protobuf/any.cc x/tf_google/protobuf/io/*.h google/protobuf/any.proto"
    )


def test_kinds() -> None:
    for path, kind in {
        "a/b.mm": Kind.CXX,
        "a.inc": Kind.CXX,
        "src/google/protobuf/io/a.cpp": Kind.PROTOBUF,
        "src/google/protobuf/any.proto": Kind.PROTO,
        "google/protobuf": Kind.OTHER,
        "src/Makefile.am": Kind.BUILD,
        "a.py": Kind.OTHER,
    }.items():
        assert kind_of(path) is kind, path


def test_macros_are_those_of_protobufs_own_names() -> None:
    header = "#ifndef A\n#  define GOOGLE_LOG(X) X\n#define PROTOBUF_A\n#define strtoll x\n"
    assert defined_macros(header + "#define LIBPROTOBUF_EXPORT\n#ifdef GOOGLE_INPUT\n") == {
        "GOOGLE_LOG",
        "PROTOBUF_A",
        "LIBPROTOBUF_EXPORT",
    }


@pytest.mark.parametrize("prefix", ["tf", "a1_b", "T"])
def test_prefixes(prefix: str) -> None:
    check_prefix(prefix)


@pytest.mark.parametrize("prefix", ["", "1a", "_a", "a_", "a__b", "a-b", "a::b", "é", "a\n", "a b"])
def test_bad_prefixes(prefix: str) -> None:
    with pytest.raises(ConfigError, match="cannot start a C"):
        check_prefix(prefix)
