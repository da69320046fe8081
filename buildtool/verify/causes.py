"""Why does a program with this library fail? What its last words usually mean.

The texts are those of TensorFlow 2.14.1 (``session_factory.cc``, ``op_kernel.cc``, ``op.cc``,
``node_def_util.cc``, ``versions.cc``, TensorFlow Lite's ``subgraph.cc``), some of them the same
since 1.0; the signals those of qemu and Linux.
"""

from __future__ import annotations

import re

WHOLE_ARCHIVE = (
    "the linker dropped the objects that only register themselves: the library must be linked "
    "with -Wl,--whole-archive PATH/libNAME.a -Wl,--no-whole-archive at the final link, as in the "
    "link flags that stand beside the library"
)

CAUSES = (
    (r"No session factory registered|apply/link the Flex delegate", WHOLE_ARCHIVE),
    (
        r"Multiple OpKernel registrations match|Two session factories|Op with name \S+ ?$",
        "an object file is in the link twice, so that it registers its kernels twice: "
        "look for it in the archive and in the app's link line",
    ),
    (
        r"Op type not registered",
        "the op of this node is not in the library: the plan was made for another model, "
        "or the file with its REGISTER_OP is not compiled",
    ),
    (
        r"No OpKernel was registered",
        "the library has no kernel for these types: the plan was made for another model, "
        "or the types were narrowed too far",
    ),
    (
        r"NodeDef mentions attr|NodeDef missing attr",
        "the model was made by another release of TensorFlow whose op has other attributes: "
        "save it again with the release that the library is built from",
    ),
    (
        r"producer version|min_consumer|GraphDef version",
        "the model was made for another release of TensorFlow: save it again with the release "
        "that the library is built from",
    ),
    (
        r"Could not open '[^']*ld-linux",
        "the emulator does not find the target's C library: give it the folder of the "
        "cross compiler's C library (qemu's option -L) in the target's emulator",
    ),
    (
        r"version `GLIBC\S*' not found",
        "the program was linked with a newer C library than the one it runs with: "
        "use the sysroot of the target's own system",
    ),
    (
        r"error while loading shared libraries",
        "a shared library that the program needs is not on the target",
    ),
)

SIGNALS = {
    4: "an instruction that this CPU does not have (SIGILL): the CPU flags of the target are for "
    "a newer core, or the C++ library that was linked is",
    6: "the program gave up (SIGABRT): a failed check of TensorFlow; its message is above",
    7: "an access that this CPU refuses (SIGBUS): unaligned data",
    8: "a division by zero (SIGFPE)",
    9: "the program was killed (SIGKILL): most often for lack of memory",
    11: "the program crashed (SIGSEGV): often objects made with different flags or headers linked "
    "together, or a kernel registered twice",
}


def likely_cause(returncode: int, stderr: str) -> str:
    """A sentence on what to look at, empty if nothing is known. ``returncode`` is negative for a
    signal; a shell or emulator may say 128 + signal, or name it on standard error."""
    for pattern, cause in CAUSES:
        if re.search(pattern, stderr, re.MULTILINE):
            return cause
    return SIGNALS.get(_signal(returncode, stderr), "")


def _signal(returncode: int, stderr: str) -> int:
    named = re.search(r"uncaught target signal (\d+)", stderr)
    if named:
        return int(named.group(1))
    return -returncode if returncode < 0 else returncode - 128
