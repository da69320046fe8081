"""The macros of each type policy, for each kind of tree."""

from __future__ import annotations

import pytest

from buildtool.backends import BACKENDS
from buildtool.backends.common.flags import CUT_TYPE_DEFINES, TYPE_DEFINES
from buildtool.backends.makefile import makefile_flags
from buildtool.backends.native.native_flavours import FULL

CUT = "__ANDROID_TYPES_SLIM__"


def test_every_backend_knows_every_policy() -> None:
    for backend in BACKENDS.values():
        assert set(backend.type_policies) == set(TYPE_DEFINES) == set(CUT_TYPE_DEFINES)


def test_a_2x_tree_s_own_mobile_build_cuts_no_element_wise_ops() -> None:
    """Only the makefile of 1.x defines the macro by itself."""
    assert CUT not in FULL.all_defines(types="slim")
    assert CUT in makefile_flags.defines((CUT,), types="slim", file_list="trimmed")


@pytest.mark.parametrize("types", ["model", "full"])
def test_other_policies_are_the_same_for_all_trees(types: str) -> None:
    assert TYPE_DEFINES[types] == CUT_TYPE_DEFINES[types] != ()
    assert CUT not in makefile_flags.defines((CUT,), types=types, file_list="trimmed")
