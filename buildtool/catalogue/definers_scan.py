"""Finds what a C++, C or proto file seems to define, from its text alone.

The sources that this is for are formatted by one rule: what stands at namespace scope begins at
the first column. So only those lines are looked at closely, and the bodies of multi-line macros
and explicit instantiations, which may be indented.
"""

from __future__ import annotations

import re

# Marks in front of a name in an index entry. A name without a mark is "Class::member".
FREE = "::"  # a function or variable at namespace scope
DECLARED = "?"  # declared here only
INSTANTIATED = "@"  # a template that is explicitly instantiated or specialised here
IN_MACRO = "%"  # Class::member before a parenthesis in a multi-line macro: a definition or a call
NAMESPACE = "#"

_STRIP = re.compile(r'//[^\n]*|/\*.*?\*/[ \t]*|R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_FOR_GPUS = re.compile(
    r"^[ \t]*#[ \t]*(?:if|ifdef)[ \t(]+(?:defined[ \t(]*)?(?:GOOGLE_CUDA|TENSORFLOW_USE_ROCM)\b",
    re.MULTILINE,
)
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(if|el|endif)")
_LINE = re.compile(r"^[A-Za-z_~:][^\n]*", re.MULTILINE)
_MACRO = re.compile(r"#[ \t]*define[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*")
_IN_MACRO = re.compile(r"((?:\w+(?:<[^;{}()<>]*>)?::)+(?:~?\w+|operator\W+?))\s*\(")
# `extern template` says that another file does it. Code for GPUs is never compiled here.
_EXTERN = re.compile(r"\bextern\s+template\b")
_INSTANTIATION = re.compile(
    r"template\s+(?:struct |class |[^;{}()<=]*?[\s*&])?((?:\w+::)*\w+)\s*"
    r"(?:\(|<(?!\s*(?:Eigen::)?G(?:PU|pu)Device\b))"
)
_SPECIAL_CLASS = re.compile(r"template\s*<[^;{}()]*>\s*(?:struct|class)\s+(?:\w+::)*(\w+)\s*<")
_NAMESPACE = re.compile(r"namespace[ \t]+([\w:]+)[ \t]*\{")
_OPERATOR = re.compile(
    r"((?:\w+(?:<[^()]*>)?::)*)operator\s*(\(\)|\[\]|\"\"\s*\w+|[^\s\w(]+|[\w:&*<> ]+?)\s*\("
)
_NAME = re.compile(r"(?:\w+::)*~?\w+\Z")
_ANGLES = re.compile(r"<[^<>]*>")
_VARIABLE = re.compile(r"((?:\w+::)*\w+)\s*(?:\[[^\]]*\]\s*)*(?:=(?!=)|;|\{|\Z)")
_NOT_A_NAME = re.compile(
    r"(?:__attribute__|__declspec|alignas|decltype|noexcept|if|for|while|switch|return|defined|"
    r"static_assert|sizeof|[A-Z][A-Z0-9_]*)\Z"
)
_SKIPPED_LINE = (
    "using ", "namespace ", "typedef ", "friend ", "public:", "private:", "template ", "template<",
)  # fmt: skip
_TYPE_LINE = ("class ", "struct ", "enum ", "static ")

_PROTO_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_PROTO_TYPE = re.compile(r"\b(message|enum|service|oneof|extend)\s+(\w[\w.]*)\s*\{|[{}]")

_ENUM_FUNCTIONS = ("IsValid", "Name", "Parse", "descriptor")


def strip(text: str) -> str:
    """Return ``text`` without comments, string literals and what only builds for GPUs compile;
    lines keep their first column."""
    text = _STRIP.sub("", text)
    return _without_gpus(text) if _FOR_GPUS.search(text) else text


def _without_gpus(text: str) -> str:
    """Leave out what stands between an ``#if`` that asks for a GPU and its ``#else`` or end."""
    kept = []
    depth = 0  # of the #if that nothing is kept of; 0 outside of it
    for line in text.splitlines(keepends=True):
        word = _DIRECTIVE.match(line)
        if depth:
            depth += {"if": 1, "endif": -1}.get(word[1], 0) if word else 0
            depth -= bool(word and depth == 1 and word[1] == "el")
        elif _FOR_GPUS.match(line):
            depth = 1
        else:
            kept.append(line)
    return "".join(kept)


def scan(text: str, *, proto: bool) -> frozenset[str]:
    """Return the index entries of one file: marked names, see the marks above."""
    text = _EXTERN.sub("", strip(text))
    if proto:
        return _scan_proto(text)
    found = _namespaces(text)
    for line in _LINE.finditer(text):
        _scan_line(line[0], text, line.end(), found)
    if "define" in text:
        for macro in _MACRO.findall(text):
            names = _IN_MACRO.findall(macro)
            found.update(IN_MACRO + _last_two(_without_angles(name)) for name in names)
    if "template" in text:
        names = _INSTANTIATION.findall(text) + _SPECIAL_CLASS.findall(text)
        found.update(INSTANTIATED + name.rpartition("::")[2] for name in names)
    return frozenset(found)


def scan_header(text: str) -> frozenset[str]:
    """Return what a header makes each file define that includes it: the templates that it
    instantiates, with its namespaces; nothing of any other header."""
    text = _EXTERN.sub("", strip(text))
    names = _INSTANTIATION.findall(text) if "template" in text else []
    found = {INSTANTIATED + name.rpartition("::")[2] for name in names}
    return frozenset(found and found | _namespaces(text))


def _namespaces(text: str) -> set[str]:
    return {NAMESPACE + part for name in _NAMESPACE.findall(text) for part in name.split("::")}


def _scan_line(line: str, text: str, end: int, found: set[str]) -> None:
    """Add what the definition or declaration that begins on ``line`` names."""
    if line.startswith(_SKIPPED_LINE):
        return
    function = _function_name(line)
    if function is None:
        variable = _VARIABLE.search(_without_angles(line.partition("(")[0]))
        if variable and not line.startswith(_TYPE_LINE):
            mark = DECLARED if line.startswith("extern ") and "=" not in line else ""
            found.add(mark + _last_two(variable[1]))
    elif "::" in function or not line.startswith("static "):
        mark = DECLARED if _is_declaration(text[end : end + 2000], line) else ""
        found.add(mark + _last_two(function))


def _is_declaration(rest: str, line: str) -> bool:
    """Tell whether the function that begins on ``line`` ends with ``;`` rather than a body."""
    rest = line[line.find("(") :] + rest
    body, semicolon = rest.find("{"), rest.find(";")
    if semicolon < 0 or 0 <= body < semicolon:
        return False
    return not rest[:semicolon].rstrip().endswith("default")


def _function_name(line: str) -> str | None:
    """Return the qualified name before the parameter list that ``line`` opens, None if none."""
    if "operator" in line:
        operator = _OPERATOR.search(line)
        if operator:
            return f"{_without_angles(operator[1])}operator{operator[2].replace(' ', '')}"
    start = line.find("(")
    if 0 <= line.find("=") < start:
        return None
    while start >= 0:
        head = _without_angles(line[:start]).rstrip()
        if "<" not in head:
            name = _NAME.match(head.rpartition(" ")[2].lstrip("*&"))
            if name and not _NOT_A_NAME.match(name[0]):
                return name[0]
        start = _closing(line, start)
        start = line.find("(", start) if start >= 0 else -1
    return None


def _closing(line: str, start: int) -> int:
    """Return the place after the parenthesis that closes the one at ``start``, -1 if none."""
    depth = 0
    for place in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[place], 0)
        if depth == 0:
            return place + 1
    return -1


def _without_angles(text: str) -> str:
    """Drop template arguments, innermost first."""
    while "<" in text:
        shorter = _ANGLES.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text


def _last_two(name: str) -> str:
    """``a::B::c`` as ``B::c``, ``c`` as ``::c``."""
    parts = name.split("::")
    return "::".join(parts[-2:]) if len(parts) > 1 else FREE + name


def _scan_proto(text: str) -> frozenset[str]:
    """Name what the generated ``.pb.cc`` of a proto defines: classes, with nested ones under
    their C++ name ``Outer_Inner``, their default instances, and the functions of enums."""
    package = _PROTO_PACKAGE.search(text)
    found = {NAMESPACE + part for part in (package[1].split(".") if package else ())}
    scopes: list[str] = []
    for token in _PROTO_TYPE.finditer(text):
        if token[0] == "}":
            scopes = scopes[:-1]
        elif token[0] == "{":
            scopes.append("")
        else:
            scopes.append(token[2] if token[1] == "message" else "")
            outer = [scope for scope in scopes[:-1] if scope]
            name = "_".join([*outer, token[2]])
            if token[1] == "message":
                found |= {INSTANTIATED + name, f"{FREE}_{name}_default_instance_"}
                found |= {f"{name}::{name}", f"{name}::~{name}"}
            elif token[1] == "enum":
                found.update(f"{FREE}{name}_{suffix}" for suffix in _ENUM_FUNCTIONS)
    return frozenset(found)
