"""Kernels' files that do not compile under a target's macros, though they register kernels.

TensorFlow's own builds for small devices have none of them, so that nobody notices. Three kinds
were found in 2.14.1 when every op was built (docs/ops.md): files that include, under no condition,
a header which declares nothing for such devices; files that name ops by constants which a compiler
cannot read when it selects kernels; and files that need a helper which uses metrics in a way that
the headers of small devices do not have (``tsl/lib/monitoring``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from buildtool.catalogue.cxxfiles import CxxFiles

SMALL, SELECTIVE = "IS_MOBILE_PLATFORM", "SELECTIVE_REGISTRATION"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\\\n", re.DOTALL)
_CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)")
_INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
_LARGER = re.compile(rf"if\s*!\s*defined\s*\(?\s*{SMALL}\b|ifndef\s+{SMALL}\b")
_NAMED = re.compile(r"\bREGISTER_KERNEL_BUILDER\s*\(\s*Name\s*\(\s*(k\w+)\s*\)")
# What only the larger of the two sets of declarations has: buckets whose bounds are not written out
# in braces (``sampler.h``), and metrics that are read (``collection_registry.h``).
_METRICS = re.compile(r"\bBuckets::Explicit\s*\(\s*\w+\s*\)|->\s*CollectMetrics\s*\(")


def uncompilable(
    files: CxxFiles, sources: Iterable[str], defines: Iterable[str]
) -> Mapping[str, str]:
    """Those of ``sources`` that do not compile under ``defines``, each with what it does."""
    macros = {define.partition("=")[0] for define in defines}
    found = {}
    for source in sorted(set(sources)):
        text = _text(files, source)
        if SMALL in macros and (header := _hollow(files, text)):
            found[source] = f"uses {header}, which declares nothing for small devices ({SMALL})"
        elif SMALL in macros and (helper := _measuring(files, source)):
            found[source] = f"needs {helper}, which uses metrics that small devices lack ({SMALL})"
        elif SELECTIVE in macros and (name := _unreadable(text)):
            found[source] = f"names an op by {name}, which is not constexpr, as selecting it needs"
    return found


def _hollow(files: CxxFiles, text: str) -> str:
    """A header that the text includes in any case, and that holds nothing for small devices."""
    includes = (
        match[1] for line, where in _lines(text) if (match := _INCLUDE.match(line)) and not where
    )
    return next((header for header in includes if _is_hollow(files, header)), "")


def _measuring(files: CxxFiles, source: str) -> str:
    """The file or the helper of it that uses metrics in a way that small devices lack."""
    return next((path for path in files.helpers(source) if _METRICS.search(_text(files, path))), "")


def _is_hollow(files: CxxFiles, header: str) -> bool:
    text = _text(files, header)
    if SMALL not in text:
        return False
    code = [
        where for line, where in _lines(text) if line.strip() and not line.lstrip().startswith("#")
    ]
    return bool(code) and all(any(map(_LARGER.match, where)) for where in code)


def _unreadable(text: str) -> str:
    """A constant that the text names an op by, and that is no constant expression."""
    return next(
        (
            name
            for name in _NAMED.findall(text)
            if re.search(rf"^(static )?const char {name}\[\]", text, re.MULTILINE)
        ),
        "",
    )


def _lines(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each line that is no condition, with the conditions that it stands under."""
    under: list[str] = []
    for line in text.split("\n"):
        if not (match := _CONDITION.match(line)):
            yield line, tuple(under)
        elif match[1] == "endif":
            under = under[:-1]
        elif match[1] in {"elif", "else"}:
            under[-1:] = [match[1]]
        else:
            under.append(f"{match[1]} {match[2].strip()}")


def _text(files: CxxFiles, path: str) -> str:
    return _COMMENT.sub("", (files.text(path) or b"").decode("utf-8", "replace"))
