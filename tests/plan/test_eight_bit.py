"""Eight-bit kernels of 32-bit ARM: for which ABIs there is a choice, how it is made and told."""

from __future__ import annotations

import pytest

from buildtool.core.values import NodeRef, OpUse, Registration, SelectedKernel
from buildtool.plan.eight_bit import eight_bit_defines, eight_bit_notes
from buildtool.platforms import PLATFORMS

ABIS = {
    f"{platform.name}-{name}": abi
    for platform in PLATFORMS.values()
    for name, abi in platform.abis.items()
}
OTHER_WAY = "TENSORFLOW_DISABLE_META"
QUANTIZE, RELU = "core/kernels/quantize_op.cc", "core/kernels/relu_op.cc"


def kernel(op: str, source: str) -> SelectedKernel:
    registration = Registration(
        op=op, device="CPU", kernel_class=f"{op}Op<quint8>", source=source, line=1
    )
    return SelectedKernel(registration=registration, reason="a node")


def use(op: str, *nodes: str) -> OpUse:
    return OpUse(op=op, nodes=tuple(NodeRef(model="m", function="", node=name) for name in nodes))


KERNELS = (kernel("QuantizeV2", QUANTIZE), kernel("Relu", RELU))
USES = (use("QuantizeV2", "q1", "q2", "q3", "q4", "q5"), use("Relu", "r"))


def notes(*defines: str, sources: tuple[str, ...] = (QUANTIZE,)) -> list[str]:
    found = eight_bit_notes(defines=defines, sources=sources, kernels=KERNELS, uses=USES)
    return list(found)


def test_only_32_bit_neon_has_the_macro_and_not_on_apple_s_systems() -> None:
    with_it = {name for name, abi in ABIS.items() if eight_bit_defines(abi, ())}
    assert with_it == {"raspberrypi-armv7-neon", "android-armeabi-v7a"}
    assert {"ios-armv7", "raspberrypi-armv6", "raspberrypi-aarch64", "linux-x86_64"} <= set(ABIS)


@pytest.mark.parametrize("given", ["TENSORFLOW_USE_META", "TENSORFLOW_USE_META=(1)"])
def test_a_target_s_own_macro_has_the_last_word(given: str) -> None:
    abi = ABIS["raspberrypi-armv7-neon"]
    assert eight_bit_defines(abi, ["OTHER"]) == (OTHER_WAY,)
    assert eight_bit_defines(abi, ["OTHER", given]) == ()


def test_the_nodes_that_run_such_kernels_are_told_with_the_choice() -> None:
    (note,) = notes("NDEBUG", OTHER_WAY)
    assert "the eight-bit kernels of QuantizeV2 (m: node 'q1'; m: node 'q2'; m: node 'q3'" in note
    assert "and 2 more nodes" in note
    assert f"are compiled with {OTHER_WAY}" in note
    assert "'defines: [TENSORFLOW_USE_META]'" in note
    assert "Relu" not in note
    (note,) = notes("NDEBUG", "TENSORFLOW_USE_META")
    assert "as TENSORFLOW_USE_META asks" in note
    assert "may differ" in note


def test_nothing_is_told_of_other_kernels() -> None:
    assert notes(OTHER_WAY, sources=()) == []
