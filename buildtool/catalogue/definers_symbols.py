"""Takes the names that ``nm -C`` prints apart."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A demangled name in parts.

    ``scopes`` are all names around ``name``, outermost first, inline namespaces left out.
    ``words`` are the identifiers of the parameter types. ``of_class`` is true where the vtable,
    typeinfo or the like of the class ``name`` is meant. ``arguments`` are the words of all
    template arguments in their order, types by the names that TensorFlow's files have for them.
    """

    scopes: tuple[str, ...]
    name: str
    words: frozenset[str] = frozenset()
    of_class: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """The qualified name, which is the same for all instances of a template."""
        return "::".join((*self.scopes, self.name))


_OF_CLASS = re.compile(r"(?:vtable|typeinfo|typeinfo name|VTT|construction vtable) for ")
_OF_MEMBER = re.compile(
    r"(?:guard variable|(?:non-virtual|virtual|covariant return) thunk|"
    r"TLS (?:init|wrapper) function|reference temporary #\d+) (?:for|to) "
)
_MAYBE_MESSAGE = re.compile(r"CreateMaybeMessage<([\w:]+)>")
_INLINE_NAMESPACE = re.compile(r"(?:lts_\d+|__\d+|__cxx11|__ndk1|\(anonymous namespace\))::")
_TAG = re.compile(r"\[abi:\w+\]|_lts_\d+\b")
_OPERATOR = re.compile(r"operator *(?:\(\)|\[\]|<=>|<<=?|>>=?|->\*?|[<>]=?|[^\w\s(]+)")
_PLACEHOLDER = "\0"
_LENGTH = re.compile(r"(\d+)")
# What says nothing about which overload is meant.
_COMMON_WORDS = frozenset(
    {"absl", "allocator", "basic_string", "basic_string_view", "bool", "char", "char_traits"}
    | {"const", "default_delete", "google", "int", "long", "protobuf", "std", "tensorflow", "tsl"}
    | {"unsigned", "void"}
)
# C++ types that a demangler prints in words, as parts of file names: `cast_op_impl_int64.cc`.
_TYPES = (
    ("std::complex<float>", "complex64"),
    ("std::complex<double>", "complex128"),
    ("unsigned char", "uint8"),
    ("signed char", "int8"),
    ("unsigned short", "uint16"),
    ("unsigned int", "uint32"),
    ("unsigned long long", "uint64"),
    ("unsigned long", "uint64"),
    ("long long", "int64"),
    ("long", "int64"),
    ("short", "int16"),
    ("int", "int32"),
)
_TYPE = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(words) for words, _ in _TYPES)})(?!\w)")
_TYPE_NAMES = dict(_TYPES)
_ENUM_VALUE = re.compile(r"\([\w: ]+\)\d+")


def parse_symbol(demangled: str) -> Symbol:
    """Take a name as ``nm -C`` prints it apart, dropping template arguments and return type."""
    text = _demangle_scopes(demangled) if demangled.startswith("_Z") else demangled
    text = _INLINE_NAMESPACE.sub("", _TAG.sub("", text))
    message = _MAYBE_MESSAGE.search(text)
    if message:
        text = f"vtable for {message[1]}"
    of_class = bool(_OF_CLASS.match(text))
    text = _OF_MEMBER.sub("", _OF_CLASS.sub("", text)).partition("-in-")[0]
    parts, arguments, parameters = _split_name(text)
    words = frozenset(re.findall(r"[A-Za-z_]\w*", parameters)) - _COMMON_WORDS
    return Symbol(
        scopes=tuple(parts[:-1]),
        name=parts[-1],
        words=words,
        of_class=of_class,
        arguments=_argument_words(arguments),
    )


def _argument_words(text: str) -> tuple[str, ...]:
    """The words of template arguments; numbers without the suffix of their type (``3ul``), of an
    enum's values (``(a::Kind)0``) nothing."""
    named = _TYPE.sub(lambda found: _TYPE_NAMES[found[0]], _ENUM_VALUE.sub("", text))
    return tuple(re.sub(r"\A(\d+)u?l*\Z", r"\1", word) for word in re.findall(r"\w+", named))


def _demangle_scopes(mangled: str) -> str:
    """Read the leading names of a mangled name that the demangler gave up on."""
    rest = mangled.lstrip("_ZNK")
    names = []
    while length := _LENGTH.match(rest):
        end = length.end() + int(length[1])
        names.append(rest[length.end() : end])
        rest = rest[end:]
    return "::".join([*names, "operator"]) if names else mangled


def _split_name(text: str) -> tuple[list[str], str, str]:
    """Split a qualified name at ``::`` outside of brackets; give its parts, what stood in the
    brackets, and the parameter list."""
    operator = _OPERATOR.search(text)
    if operator:
        text = text[: operator.start()] + _PLACEHOLDER + text[operator.end() :]
    name, arguments, parameters = _outside_brackets(text)
    name = name.strip().removesuffix(" const")
    if " operator " in f" {name}".replace("::operator ", " operator "):  # conversion to a type
        name = name.partition("operator ")[0] + "operator"
    shown = operator[0].replace(" ", "") if operator else ""
    parts = [part for part in name.rpartition(" ")[2].strip("*&").split("::") if part]
    shown_parts = [part.replace(_PLACEHOLDER, shown) for part in parts] or [text]
    return shown_parts, arguments, parameters


def _outside_brackets(text: str) -> tuple[str, str, str]:
    """Return ``text`` without template arguments up to its parameter list, these arguments, and
    that list."""
    flat: list[str] = []
    inside: list[str] = []
    depth = 0
    for place, char in enumerate(text):
        if char == "(" and depth == 0:
            return "".join(flat), "".join(inside), text[place:]
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(char, 0)
        if depth:
            inside.append(char if depth > 1 or char != "<" else " ")
        elif char not in ">)":
            flat.append(char)
    return "".join(flat), "".join(inside), ""
