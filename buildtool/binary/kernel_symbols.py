"""The symbols by which a linked file that is not stripped shows the kernels that it registers.

Every registration hands on the address of a function of its own that makes the kernel, and the
compiler drops those that are not selected (``framework/op_kernel.h``, 1.0 to 2.14).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The mangled name of a lambda without captures as a plain function of an OpKernelConstruction, also
# of one in another lambda (templates/native/tensorflow_prefix.h.j2), or of what stands in its place
# in templates/makefile/tensorflow_prefix.h.j2.
KERNEL_FACTORY = re.compile(
    r"8__invokeEPN\w*20OpKernelConstructionE"
    r"|UlPN\w*20OpKernelConstructionEE\d*_8__invokeE"
    r"|buildtool_kernel_\d+ILb1E\w*6CreateE"
)


def count_factories(names: Iterable[str]) -> int:
    """How many of these names of defined symbols, local ones among them, are such functions."""
    return sum(bool(KERNEL_FACTORY.search(name)) for name in names)
