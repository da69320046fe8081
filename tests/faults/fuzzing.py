"""What people give to this tool, with random damage: each reader takes it, or says what is wrong.

``python -m tests.faults.fuzzing --minutes 30`` is the long form; CI does some hundreds of each. An
input that a reader ends badly on is kept in ``fuzzed/`` of the current folder.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tarfile
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tflite

from buildtool.answers.saved_report import read_report
from buildtool.config import load_targets
from buildtool.core.errors import BuildToolError
from buildtool.core.paths import TARGETS
from buildtool.model import ModelSource, read_models
from buildtool.model.lite.lite_reading import read_lite_models
from buildtool.model.textformat import encode
from buildtool.sources.progress import Progress
from buildtool.sources.unpack import unpack
from buildtool.sources.wanted_files import Selection
from tests.lite.small_models import Op, small_model
from tests.model.conftest import OPS, op_definition

# Seconds of a processor that one small input may take.
LONGEST = 10.0
DEFINITIONS = {
    each.name: each for each in (op_definition(line) for line in OPS.strip().splitlines())
}
X = """node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
 attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } } } } }
"""
# Of each kind of attribute, with functions, control inputs, and constants of several forms.
GRAPHS = (
    X
    + """node { name: "y" op: "Relu" input: "x" input: "^x" device: "/cpu:0"
 attr { key: "T" value { type: DT_FLOAT } }
 attr { key: "_class" value { list { s: "loc:@x" } } } }
node { name: "s" op: "Split" input: "d" input: "y" attr { key: "T" value { type: DT_FLOAT } }
 attr { key: "num_split" value { i: 3 } } }
node { name: "d" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
 attr { key: "value" value { tensor { dtype: DT_INT32 int_val: 1 tensor_shape { } } } } }
node { name: "p" op: "Pack" input: "s" input: "s:1" attr { key: "T" value { type: DT_FLOAT } }
 attr { key: "N" value { i: 2 } } }
versions { producer: 24 min_consumer: 3 }
""",
    X
    + r"""node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
 attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_content: "\0\0\200\077"
 tensor_shape { dim { size: 1 } } } } } }
node { name: "b" op: "BiasAdd" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } }
 attr { key: "data_format" value { s: "NHWC" } } }
node { name: "call" op: "f" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "many" op: "IdentityN" input: "call"
 attr { key: "T" value { list { type: DT_FLOAT } } } }
node { name: "loop" op: "While" input: "many" attr { key: "T" value { list { type: DT_FLOAT } } }
 attr { key: "cond" value { func { name: "f" attr { key: "T" value { type: DT_FLOAT } } } } }
 attr { key: "body" value { func { name: "f" } } } }
library { function { signature { name: "f" input_arg { name: "a" type_attr: "T" }
 output_arg { name: "r" type_attr: "T" } attr { name: "T" type: "type" } }
 node_def { name: "i" op: "Identity" input: "a" attr { key: "T" value { placeholder: "T" } } }
 ret { key: "r" value: "i:output:0" } } }
""",
)
REPORT = (
    b'{"schema_version": 1, "target": "pi", "size": {"stripped": 1, "sections": {}, "rows": [1]}}'
)
# Numbers and marks that readers of any kind stumble over.
ODD = (
    *(
        b"\0",
        b"\xff",
        b"\xff" * 9 + b"\x01",
        b"\x80" * 9 + b"\x01",
        b"\x7f",
        b"\xff\xff\xff\xff\x0f",
    ),
    *(
        b"{" * 300,
        b"[" * 300,
        b"&a ",
        b"*a",
        b"\\",
        b'"',
        b"-1",
        b"9" * 400,
        b"1e999",
        b"nan",
        b"\n",
    ),
)


def read_model_file(name: str) -> Callable[[bytes, Path], None]:
    """Reads a model as the step ``plan`` does."""

    def read(content: bytes, folder: Path) -> None:
        path = folder / name
        path.write_bytes(content)
        read_models([ModelSource(path=path)], definitions=DEFINITIONS, cache=folder / "cache")

    return read


def read_lite(content: bytes, folder: Path) -> None:
    (folder / "m.tflite").write_bytes(content)
    read_lite_models([ModelSource(path=folder / "m.tflite")])


def read_target(content: bytes, folder: Path) -> None:
    (folder / "targets").mkdir(exist_ok=True)
    (folder / "targets" / "t.yaml").write_bytes(content)
    load_targets(folder / "targets")


def read_archive(content: bytes, folder: Path) -> None:
    (folder / "a.tar").write_bytes(content)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        unpack(
            folder / "a.tar",
            Path(place, "tree"),
            Selection(),
            label="a",
            progress=Progress(io.StringIO()),
        )


def read_saved(content: bytes, folder: Path) -> None:
    (folder / "report.json").write_bytes(content)
    read_report(folder / "report.json")


def small_archive() -> bytes:
    """A tar of a file, a folder and a link."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, kind in (
            ("a", tarfile.DIRTYPE),
            ("a/b", tarfile.REGTYPE),
            ("c", tarfile.SYMTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "a/b" * (kind == tarfile.SYMTYPE), 0
            tar.addfile(info)
    return made.getvalue()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What reads one kind of input, and whole ones from which damaged ones are made."""

    read: Callable[[bytes, Path], None]
    seeds: tuple[bytes, ...]


READERS: Mapping[str, Reader] = {
    "graph": Reader(
        read=read_model_file("m.pb"), seeds=tuple(encode(text, "GraphDef") for text in GRAPHS)
    ),
    "text": Reader(read=read_model_file("m.pbtxt"), seeds=tuple(text.encode() for text in GRAPHS)),
    "ops": Reader(
        read=read_model_file("ops.txt"), seeds=(b"Relu\nMatMul:x # c\n", b'[["Relu", null], "Add"]')
    ),
    "tflite": Reader(
        read=read_lite,
        seeds=(
            small_model(Op(code=tflite.BuiltinOperator.RELU), Op(custom="Mine")),
            small_model(Op(code=tflite.BuiltinOperator.TANH), subgraphs=2, signatures=("s",)),
        ),
    ),
    "target": Reader(
        read=read_target,
        seeds=tuple((TARGETS / f"{name}.yaml").read_bytes() for name in ("pi", "ios", "android")),
    ),
    "archive": Reader(read=read_archive, seeds=(small_archive(),)),
    "report": Reader(read=read_saved, seeds=(REPORT,)),
}


def damaged(reader: Reader, chance: random.Random) -> bytes:
    """One of the whole inputs with a few kinds of damage."""
    content = bytearray(chance.choice(reader.seeds))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content) + 1)
        end = min(len(content), place + chance.choice((1, 1, 2, 8, 64)))
        match chance.randrange(6):
            case 0:
                content[place:end] = chance.randbytes(end - place)
            case 1:
                content[place:end] = b""
            case 2:
                content[place:place] = content[place:end] * chance.choice((1, 2, 50))
            case 3:
                content[place:place] = chance.choice(ODD)
            case 4:
                other = chance.choice(reader.seeds)
                start = chance.randrange(len(other))
                content[place:end] = other[start : start + chance.randint(1, 80)]
            case _:
                content[place:end] = bytes(
                    byte ^ 1 << chance.randrange(8) for byte in content[place:end]
                )
    return bytes(content)


def fuzz(kind: str, inputs: Iterator[bytes]) -> Iterator[tuple[bytes, str]]:
    """Inputs that a reader takes badly, each with how it ended."""
    reader = READERS[kind]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for content in inputs:
            began = time.process_time()
            try:
                reader.read(content, Path(folder))
            except BuildToolError:
                pass
            except Exception:
                yield content, traceback.format_exc()
            if time.process_time() - began > LONGEST:
                yield content, f"took more than {LONGEST} s"


def made_inputs(kind: str, seed: int) -> Iterator[bytes]:
    """Damaged inputs, the same for a seed."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    while True:
        yield damaged(READERS[kind], chance)


def main(words: list[str]) -> int:
    """The long form: all kinds in turn, until the time is over. Ends with 1 if any went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzzing")
    parser.add_argument("kinds", nargs="*", default=list(READERS))
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    asked = parser.parse_args(words)
    seconds = asked.minutes * 60 / len(asked.kinds)
    bad = 0
    for kind in asked.kinds:
        end, count = time.monotonic() + seconds, 0
        kept: set[str] = set()

        def inputs(kind: str = kind, end: float = end) -> Iterator[bytes]:
            nonlocal count
            for content in made_inputs(kind, asked.seed):
                if time.monotonic() > end:
                    return
                count += 1
                yield content

        for content, ending in fuzz(kind, inputs()):
            last = "\n".join(ending.splitlines()[-3:])
            if last not in kept:
                kept.add(last)
                place = Path("fuzzed") / f"{kind}-{len(kept)}"
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(content)
                print(f"{place}:\n{ending}")
        print(f"{kind}: {count} inputs of seed {asked.seed}, {len(kept)} kinds of bad ends")
        bad += len(kept)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
