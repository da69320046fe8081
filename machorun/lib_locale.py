"""``<locale.h>``, ``<ctype.h>`` and ``<wchar.h>``: the locale is always "C", wide characters are
UTF-8 outside."""

from __future__ import annotations

import struct

from machorun.format import wide_text
from machorun.function import function
from machorun.process import DATA, Process

# <_ctype.h> of Darwin.
ALPHA, CONTROL, DIGIT, GRAPHIC, LOWER, PUNCTUATION = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000
SPACE, UPPER, HEXADECIMAL, BLANK, PRINTABLE = 0x4000, 0x8000, 0x10000, 0x20000, 0x40000
# <runetype.h>: two texts, two functions, a number; then three tables of 256 numbers.
TABLES = 8 + 32 + 8 + 8 + 4
EILSEQ = 92


def _kind(code: int) -> int:
    if code > 127:
        return 0
    letter = chr(code)
    bits = (
        (letter.isalpha(), ALPHA),
        (code < 32 or code == 127, CONTROL),
        (letter.isdigit(), DIGIT | (code - 48)),
        (33 <= code < 127, GRAPHIC),
        (letter.islower(), LOWER),
        (33 <= code < 127 and not letter.isalnum(), PUNCTUATION),
        (letter in " \t\n\v\f\r", SPACE),
        (letter.isupper(), UPPER),
        (letter in "0123456789abcdefABCDEF", HEXADECIMAL),
        (letter in " \t", BLANK),
        (32 <= code < 127, PRINTABLE),
    )
    kind = 0
    for is_so, bit in bits:
        kind |= bit if is_so else 0
    return kind


KINDS = tuple(_kind(code) for code in range(256))


def _lower(code: int) -> int:
    return code + 32 if 65 <= code <= 90 else code


def _upper(code: int) -> int:
    return code - 32 if 97 <= code <= 122 else code


def _rune_locale(process: Process) -> int:
    tables = (*KINDS, *map(_lower, range(256)), *map(_upper, range(256)))
    place = process.heap.allocate(4096)
    process.memory.write(place, bytes(4096))
    process.memory.write(place, b"RuneMagA".ljust(TABLES, b"\0") + struct.pack("<768I", *tables))
    return place


DATA["__DefaultRuneLocale"] = _rune_locale


@function("__maskrune", "up")
def maskrune(_: Process, code: int, mask: int) -> int:
    return KINDS[code] & mask if code < 256 else 0


@function("__maskrune_l", "upp")
def maskrune_l(_process: Process, code: int, mask: int, _locale: int) -> int:
    return KINDS[code] & mask if code < 256 else 0


@function("__tolower tolower towlower", "u")
def tolower(_: Process, code: int) -> int:
    return _lower(code)


@function("__tolower_l tolower_l towlower_l", "up")
def tolower_l(_process: Process, code: int, _locale: int) -> int:
    return _lower(code)


@function("__toupper toupper towupper", "u")
def toupper(_: Process, code: int) -> int:
    return _upper(code)


@function("__toupper_l toupper_l towupper_l", "up")
def toupper_l(_process: Process, code: int, _locale: int) -> int:
    return _upper(code)


for _name, _mask in (
    ("alpha", ALPHA), ("cntrl", CONTROL), ("digit", DIGIT), ("graph", GRAPHIC), ("lower", LOWER),
    ("punct", PUNCTUATION), ("space", SPACE), ("upper", UPPER), ("xdigit", HEXADECIMAL),
    ("blank", BLANK), ("print", PRINTABLE), ("alnum", ALPHA | DIGIT),
):  # fmt: skip
    function(f"is{_name} isw{_name}", "u")(
        lambda _, code, mask=_mask: int(bool(code < 256 and KINDS[code] & mask))
    )


@function("newlocale duplocale uselocale", "ipp")
def newlocale(_process: Process, _mask: int, _name: int, _base: int) -> int:
    return 1


@function("freelocale", "p")
def freelocale(_process: Process, _locale: int) -> int:
    return 0


@function("setlocale", "ip")
def setlocale(process: Process, _category: int, _name: int) -> int:
    return process.text(b"C")


@function("localeconv localeconv_l", "p")
def localeconv(process: Process, _locale: int) -> int:
    """``struct lconv``: ten texts, fourteen numbers of one byte that say "unspecified"."""
    if "lconv" not in process.state:
        point, nothing = process.text(b"."), process.text(b"")
        place = process.heap.allocate(96)
        process.memory.put("<10Q", place, point, *([nothing] * 9))
        process.memory.write(place + 80, b"\x7f" * 14)
        process.state["lconv"] = place
    return int(process.state["lconv"])


@function("nl_langinfo nl_langinfo_l", "i")
def nl_langinfo(process: Process, _item: int) -> int:
    return process.text(b"US-ASCII")


@function("__mb_cur_max ___mb_cur_max", "")
def mb_cur_max(_: Process) -> int:
    return 4


@function("___mb_cur_max_l", "p")
def mb_cur_max_l(_process: Process, _locale: int) -> int:
    return 4


@function("catopen", "pi")
def catopen(_process: Process, _name: int, _flag: int) -> int:
    return -1


@function("catgets", "piip")
def catgets(_process: Process, _catalogue: int, _set: int, _number: int, text: int) -> int:
    return text


@function("catclose", "p")
def catclose(_process: Process, _catalogue: int) -> int:
    return 0


# ---- wide characters ---------------------------------------------------------------------


@function("wcslen", "p")
def wcslen(process: Process, text: int) -> int:
    return len(wide_text(process.memory, text))


@function("wmemchr", "pup")
def wmemchr(process: Process, start: int, code: int, count: int) -> int:
    for place in range(start, start + 4 * count, 4):
        if process.memory.number("<I", place) == code:
            return place
    return 0


@function("wmemcmp", "ppp")
def wmemcmp(process: Process, left: int, right: int, count: int) -> int:
    form = f"<{count}i"
    first = struct.unpack(form, process.memory.read(left, 4 * count))
    second = struct.unpack(form, process.memory.read(right, 4 * count))
    return (first > second) - (first < second)


@function("wmemcpy wmemmove", "ppp")
def wmemcpy(process: Process, target: int, source: int, count: int) -> None:
    process.memory.move(target, source, 4 * count)


@function("wmemset", "pup")
def wmemset(process: Process, target: int, code: int, count: int) -> None:
    process.memory.write(target, struct.pack("<I", code) * count)


@function("wcscoll wcscoll_l", "pp")
def wcscoll(process: Process, left: int, right: int) -> int:
    first, second = wide_text(process.memory, left), wide_text(process.memory, right)
    return (first > second) - (first < second)


@function("btowc btowc_l", "i")
def btowc(_: Process, code: int) -> int:
    return code if 0 <= code < 128 else -1


@function("wctob wctob_l", "i")
def wctob(_: Process, code: int) -> int:
    return code if 0 <= code < 128 else -1


@function("mbtowc mbtowc_l mbrtowc mbrtowc_l", "ppp")
def mbrtowc(process: Process, target: int, source: int, size: int) -> int:
    if not source or not size:
        return 0
    data = process.memory.read(source, min(size, 4))
    for length in range(1, len(data) + 1):
        try:
            letter = data[:length].decode()
        except UnicodeDecodeError:
            continue
        if target:
            process.memory.put("<I", target, ord(letter))
        return 0 if letter == "\0" else length
    return process.fail(EILSEQ)


@function("mbrlen mbrlen_l mblen", "pp")
def mbrlen(process: Process, source: int, size: int) -> int:
    return mbrtowc(process, 0, source, size)


@function("wcrtomb wcrtomb_l", "pu")
def wcrtomb(process: Process, target: int, code: int) -> int:
    if not target:
        return 1
    data = chr(code).encode()
    process.memory.write(target, data)
    return len(data)
