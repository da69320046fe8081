from __future__ import annotations

import pytest

from buildtool.sources.wanted_files import Selection


def place(name: str, **options: object) -> str | None:
    selector = Selection(**options).compiled()  # type: ignore[arg-type]
    return selector.place(tuple(name.split("/")))


@pytest.mark.parametrize(
    ("glob", "taken", "left"),
    [
        ("**", "a/b/c", None),
        ("*.h", "x.h", "a/x.h"),
        ("src/*", "src/x", "src/a/x"),
        ("src/**", "src/a/x", "source/x"),
        ("absl/**/*.h", "absl/x.h", "absl/x.cc"),
        ("absl/**/*.h", "absl/a/b/x.h", "other/absl/x.h"),
        ("lena_?.png", "lena_1.png", "lena_10.png"),
        ("a+b.[c]", "a+b.[c]", "aab.c"),
    ],
)
def test_globs(glob: str, taken: str, left: str | None) -> None:
    assert place(taken, include=(glob,)) == taken
    if left:
        assert place(left, include=(glob,)) is None


def test_strips_then_enters_the_folder_then_looks_at_the_globs() -> None:
    options = {"strip": 1, "subdir": "third_party/lib", "include": ("*.h",), "exclude": ("b*",)}
    assert place("grpc/third_party/lib/a.h", **options) == "a.h"
    assert place("grpc/third_party/lib/b.h", **options) is None
    assert place("grpc/third_party/library/a.h", **options) is None
    assert place("grpc/third_party/lib", **options) is None
    assert place("grpc", **options) is None
