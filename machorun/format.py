"""``printf`` and ``scanf``: texts from words in the program's memory, and words from texts."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from machorun.memory import Memory

CONVERSION = re.compile(
    rb"%(?P<flags>[-+ #0']*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|-?\d*))?"
    rb"(?P<length>hh|h|ll|l|q|j|z|t|L)?(?P<letter>[diouxXcspfFeEgGaAnSC%])"
)
SIZES = {b"hh": 1, b"h": 2, b"l": 8, b"ll": 8, b"q": 8, b"j": 8, b"z": 8, b"t": 8}
WIDE_LENGTHS = (b"l",)


def format_text(memory: Memory, form: bytes, words: int) -> bytes:
    """What ``printf`` makes of ``form`` and the arguments at the address ``words``, 8 bytes each
    (Apple's convention for ARM64; ``long double`` is ``double`` there)."""
    arguments = _words(memory, words)

    def convert(match: re.Match[bytes]) -> bytes:
        letter = match["letter"].decode()
        if letter == "%":
            return b"%"
        flags = match["flags"].decode().replace("'", "")
        width = _number(match["width"], arguments)
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        precision = _number(match["precision"], arguments)
        if precision is not None and precision < 0:
            precision = None
        text = _value(memory, match, flags, precision, next(arguments))
        return _padded(text, flags, width or 0, letter, precision)

    return CONVERSION.sub(convert, form)


def scan_text(memory: Memory, text: bytes, form: bytes, words: int) -> int:
    """What ``sscanf`` does. Returns how many values were stored, -1 if the text ends first."""
    arguments = _words(memory, words)
    place = count = 0
    for kind, match in _directives(form):
        if kind == "space":
            place += len(text[place:]) - len(text[place:].lstrip())
            continue
        if kind == "literal":
            if text[place : place + 1] != match:
                return count
            place += 1
            continue
        if not isinstance(match, re.Match):
            raise TypeError(match)
        letter = match["letter"].decode()
        if letter == "n":
            memory.put("<i", next(arguments), place)
            continue
        found = _scanned(text, place, letter, match)
        if found is None:
            return count or (-1 if not text[place:].strip() else 0)
        place = found.end()
        if not match["skip"]:
            _store(memory, next(arguments), found[1], letter, match["length"])
            count += 1
    return count


SCAN = re.compile(
    rb"%(?P<skip>\*)?(?P<width>\d+)?(?P<length>hh|h|ll|l|q|j|z|t|L)?"
    rb"(?P<letter>[diouxXcsfFeEgGaAn]|\[\^?\]?[^\]]*\])"
)


def _directives(form: bytes) -> Iterator[tuple[str, re.Match[bytes] | bytes]]:
    place = 0
    while place < len(form):
        byte = form[place : place + 1]
        match = SCAN.match(form, place)
        if match:
            yield "value", match
            place = match.end()
        else:
            yield ("space" if byte.isspace() else "literal"), byte
            place += 2 if form[place : place + 2] == b"%%" else 1


PATTERNS = {
    "d": rb"[-+]?\d+",
    "u": rb"[-+]?\d+",
    "i": rb"[-+]?(?:0[xX][\da-fA-F]+|\d+)",
    "o": rb"[-+]?[0-7]+",
    "x": rb"[-+]?(?:0[xX])?[\da-fA-F]+",
    "s": rb"\S+",
    "f": rb"[-+]?(?:0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][-+]?\d+)?"
    rb"|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)",
}


def _scanned(
    text: bytes, place: int, letter: str, match: re.Match[bytes]
) -> re.Match[bytes] | None:
    limit = int(match["width"]) if match["width"] else 0
    if letter == "c":
        pattern, space = b"[\\s\\S]{%d}" % (limit or 1), b""
    elif letter.startswith("["):
        pattern, space = letter.encode() + (b"{1,%d}" % limit if limit else b"+"), b""
    else:
        kind = "f" if letter in "fFeEgGaA" else letter.lower()
        pattern, space = PATTERNS[kind], rb"\s*"
    return re.compile(space + b"(" + pattern + b")", re.IGNORECASE).match(text, place)


def _store(memory: Memory, target: int, text: bytes, letter: str, length: bytes | None) -> None:
    if letter in "cs" or letter.startswith("["):
        memory.write(target, text if letter == "c" else text + b"\0")
    elif letter in "fFeEgGaA":
        memory.put("<d" if length in {b"l", b"L"} else "<f", target, read_float(text))
    else:
        base = {"o": 8, "x": 16, "X": 16, "p": 16, "i": 0}.get(letter, 10)
        size = SIZES.get(length or b"", 4)
        value = int(text, base) & ((1 << 8 * size) - 1)
        memory.write(target, value.to_bytes(size, "little"))


def read_float(text: bytes) -> float:
    """A number as C writes it."""
    word = text.decode("ascii", "replace").strip().lower()
    return float.fromhex(word) if "0x" in word else float(word)


def _words(memory: Memory, start: int) -> Iterator[int]:
    while True:
        yield memory.pointer(start)
        start += 8


def _number(text: bytes | None, arguments: Iterator[int]) -> int | None:
    if text is None:
        return None
    if text == b"*":
        return (next(arguments) & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
    return int(text or b"0")


def _value(
    memory: Memory, match: re.Match[bytes], flags: str, precision: int | None, word: int
) -> bytes:
    letter, length = match["letter"].decode(), match["length"] or b""
    if letter in "di":
        return _digits(_signed(word, SIZES.get(length, 4)), "d", flags, precision)
    if letter in "ouxX":
        size = SIZES.get(length, 4)
        return _digits(word & ((1 << 8 * size) - 1), letter.replace("u", "d"), flags, precision)
    if letter in "fFeEgGaA":
        value = struct.unpack("<d", struct.pack("<Q", word))[0]
        return _real(value, letter, flags, precision)
    if letter in "pcn":
        return {"p": f"{word:#x}".encode(), "c": bytes((word & 0xFF,)), "n": b""}[letter]
    wide = letter == "S" or length in WIDE_LENGTHS
    return _text(memory, word, precision, wide=wide) if word else b"(null)"


def _text(memory: Memory, word: int, precision: int | None, *, wide: bool) -> bytes:
    if wide:
        return wide_text(memory, word).encode()[:precision]
    if precision is None:
        return memory.text(word)
    end = memory.find(b"\0", word, word + precision)
    return memory.read(word, precision if end < 0 else end - word)


def wide_text(memory: Memory, address: int) -> str:
    """The zero-terminated text of 32-bit characters at an address."""
    letters = []
    while code := memory.number("<I", address):
        letters.append(chr(code))
        address += 4
    return "".join(letters)


def _signed(word: int, size: int) -> int:
    half = 1 << 8 * size - 1
    return ((word & (2 * half - 1)) ^ half) - half


def _digits(value: int, letter: str, flags: str, precision: int | None) -> bytes:
    digits = format(abs(value), letter)
    if precision is not None:
        digits = "" if precision == 0 and value == 0 else digits.rjust(precision, "0")
    if "#" in flags and value:
        digits = {"x": "0x", "X": "0X", "o": "0"}.get(letter, "") + digits
    return (_sign(value < 0, flags if letter == "d" else "") + digits).encode()


def _real(value: float, letter: str, flags: str, precision: int | None) -> bytes:
    if letter in "aA":
        text = abs(value).hex()
        return (_sign(value < 0, flags) + (text if letter == "a" else text.upper())).encode()
    form = (
        "%"
        + "".join(flag for flag in flags if flag in "+ #")
        + f".{precision}" * (precision is not None)
    )
    return ((form + letter) % value).encode()


def _sign(negative: bool, flags: str) -> str:
    if negative:
        return "-"
    return "+" if "+" in flags else " " if " " in flags else ""


def _padded(text: bytes, flags: str, width: int, letter: str, precision: int | None) -> bytes:
    if "-" in flags:
        return text.ljust(width)
    whole = letter in "diouxX"
    if "0" in flags and letter not in "csp" and not (whole and precision is not None):
        if text.lstrip(b"+- ")[:1] in b"in" and not whole:
            return text.rjust(width)
        prefix = re.match(rb"[-+ ]?(?:0[xX])?", text)
        head = prefix[0] if prefix else b""
        return head + text[len(head) :].rjust(width - len(head), b"0")
    return text.rjust(width)
