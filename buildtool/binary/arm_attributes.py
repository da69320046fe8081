"""The build attributes of a 32-bit ARM object: for which cores was it compiled?

Tags and values: "Addenda to, and Errata in, the ABI for the Arm Architecture" (IHI 0045),
section "Public aeabi attribute tags".
"""

from __future__ import annotations

from dataclasses import dataclass

CPU_ARCH = (
    "pre-v4",
    "v4",
    "v4T",
    "v5T",
    "v5TE",
    "v5TEJ",
    "v6",
    "v6KZ",
    "v6T2",
    "v6K",
    "v7",
    "v6-M",
    "v6S-M",
    "v7E-M",
    "v8-A",
    "v8-R",
    "v8-M.baseline",
    "v8-M.mainline",
    "v8.1-A",
    "v8.2-A",
    "v8.3-A",
    "v8.1-M.mainline",
    "v9-A",
)
FP_ARCH = (
    "",
    "VFPv1",
    "VFPv2",
    "VFPv3",
    "VFPv3-D16",
    "VFPv4",
    "VFPv4-D16",
    "FP-ARMv8",
    "FP-ARMv8-D16",
)

TAG_CPU_ARCH, TAG_FP_ARCH, TAG_SIMD_ARCH = 6, 10, 12
TAG_FP_NUMBER_MODEL, TAG_VFP_ARGS = 23, 28
TAG_COMPATIBILITY = 32
STRING_TAGS = (4, 5)  # CPU_raw_name, CPU_name; above 32, odd tags are strings too

SCOPE_FILE = 1


@dataclass(frozen=True, kw_only=True)
class ArmAttributes:
    """For which cores an object is.

    ``cpu_arch`` is the value of Tag_CPU_arch (see :func:`arch_name`); ``fp_arch`` one of
    :data:`FP_ARCH`, empty without floating-point instructions. ``float_abi`` is ``hard``
    (arguments in VFP registers), ``soft`` (in core registers) or ``any`` (passes none, links with
    both).
    """

    cpu_arch: int
    fp_arch: str
    neon: bool
    float_abi: str


def arch_name(value: int) -> str:
    """The name of a Tag_CPU_arch value: 10 is ``ARMv7``."""
    return f"ARM{_name(CPU_ARCH, value)}"


def parse_attributes(data: bytes) -> ArmAttributes:
    """Read the content of ``.ARM.attributes``; what it does not say has the value 0."""
    tags = _file_tags(data)
    return ArmAttributes(
        cpu_arch=tags.get(TAG_CPU_ARCH, 0),
        fp_arch=_name(FP_ARCH, tags.get(TAG_FP_ARCH, 0)),
        neon=tags.get(TAG_SIMD_ARCH, 0) != 0,
        float_abi=_float_abi(tags),
    )


def _float_abi(tags: dict[int, int]) -> str:
    """GNU ld and lld, too, call files of two conventions incompatible only if the file has
    floating point at all (``Tag_ABI_FP_number_model``)."""
    arguments = tags.get(TAG_VFP_ARGS, 0)
    if arguments == 1:
        return "hard"
    no_floats = tags.get(TAG_FP_NUMBER_MODEL, 0) == 0
    return "any" if arguments == 3 or no_floats else "soft"


def _name(names: tuple[str, ...], value: int) -> str:
    return names[value] if value < len(names) else f"unknown ({value})"


def _file_tags(data: bytes) -> dict[int, int]:
    """The numeric tags of the ``aeabi`` vendor that hold for the whole file."""
    tags: dict[int, int] = {}
    place = 1  # after the format version, the letter A
    while place + 4 < len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        name_end = data.find(b"\0", place + 4)
        if length < 5 or name_end < 0:
            break
        if data[place + 4 : name_end] == b"aeabi":
            tags.update(_vendor_tags(data[name_end + 1 : place + length]))
        place += length
    return tags


def _vendor_tags(data: bytes) -> dict[int, int]:
    tags: dict[int, int] = {}
    place = 0
    while place + 5 <= len(data):
        length = int.from_bytes(data[place + 1 : place + 5], "little")
        if length < 5:
            break
        if data[place] == SCOPE_FILE:
            tags.update(_parse_tags(data[place + 5 : place + length]))
        place += length
    return tags


def _parse_tags(data: bytes) -> dict[int, int]:
    tags: dict[int, int] = {}
    place = 0
    while place < len(data):
        tag, place = _uleb128(data, place)
        has_text = tag in STRING_TAGS or tag == TAG_COMPATIBILITY or (tag > 32 and tag % 2 == 1)
        has_number = not has_text or tag == TAG_COMPATIBILITY
        if has_number:
            tags[tag], place = _uleb128(data, place)
        if has_text:
            place = data.find(b"\0", place) + 1 or len(data)
    return tags


def _uleb128(data: bytes, place: int) -> tuple[int, int]:
    """A little-endian base-128 number at ``place``, and where the next item starts."""
    value = shift = 0
    while place < len(data):
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, place
