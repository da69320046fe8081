"""What an app feeds an input with, by the input's type and shape and by the model's keys."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from buildtool.config import App, Target
from buildtool.core.datatypes import short
from buildtool.core.errors import ConfigError, Problem
from buildtool.core.values import TensorInfo

IMAGE, SOUND, NUMBERS, BYTES = "image", "sound", "numbers", "bytes"
STRING = "DT_STRING"
# What an app can fill from numbers.
FED = (
    *("DT_FLOAT", "DT_DOUBLE", "DT_HALF", "DT_BOOL"),
    *("DT_INT8", "DT_INT16", "DT_INT32", "DT_INT64", "DT_UINT8", "DT_UINT16"),
)
CHANNELS = (1, 3)
# The sides of the smallest image that is taken for one unasked: a shape such as [1, 4, 4, 1] may be
# of other things.
_LEAST_SIDE = 8
_SHAPE = (
    "give a graph's 'inputs' a shape, such as {name: x, shape: [1, 224, 224, 3]}; a .tflite model "
    "is converted with one"
)


@dataclass(frozen=True, kw_only=True)
class AppInput:
    """One input. ``shape`` is what is fed; -1 in it, at most once, is as long as a sound is.
    ``planar`` images have their channels before height and width. ``is_raw``: nothing is said of
    how an image is prepared, so that a quantized input is fed with its bytes."""

    name: str
    dtype: str
    takes: str
    shape: tuple[int, ...]
    height: int = 0
    width: int = 0
    channels: int = 1
    planar: bool = False
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    rate: int = 0
    is_raw: bool = False


@dataclass(frozen=True, kw_only=True)
class _Image:
    """The sides of an image (-1: unknown) and its channels, as a shape has them."""

    height: int
    width: int
    channels: int
    planar: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        if self.planar:
            return self.channels, self.height, self.width
        return self.height, self.width, self.channels


def read_input(target: Target, key: str, tensor: TensorInfo, app: App) -> AppInput:
    """What an app feeds ``tensor`` with. ``key`` is the model's in the target (``models[0]``), and
    ``app`` says what is wished.

    Raises:
        ConfigError: it cannot be fed, or the wishes do not fit.
    """
    return _Reading(target=target, key=key, tensor=tensor).read(app)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    target: Target
    key: str
    tensor: TensorInfo

    def read(self, app: App) -> AppInput:
        tensor, takes = self.tensor, self._takes(app)
        if tensor.dtype not in (*FED, STRING):
            self._fail("inputs", f"is of type {short(tensor.dtype)}, which no app here can feed")
        if (tensor.dtype == STRING) != (takes == BYTES):
            what = f"is of type {short(tensor.dtype)}, and cannot be fed with {takes}"
            self._fail("app.takes", what, "a string takes bytes, and only a string does")
        if unread := list(self._unread(app, takes)):
            raise ConfigError(unread)
        plain = AppInput(
            name=tensor.name,
            dtype=tensor.dtype,
            takes=takes,
            shape=(),
            mean=app.mean or (0.0,),
            scale=app.scale or (1.0,),
        )
        if takes == IMAGE:
            return self._image(app, plain)
        return self._sound(app, plain) if takes == SOUND else self._numbers(plain)

    def _takes(self, app: App) -> str:
        if app.takes != "auto":
            return app.takes
        if self.tensor.dtype == STRING:
            return BYTES
        if app.rate:
            return SOUND
        return IMAGE if app.size or _is_image(self.tensor.shape or ()) else NUMBERS

    def _unread(self, app: App, takes: str) -> Iterator[Problem]:
        """Keys that say nothing of such an input."""
        given = {
            "size": (bool(app.size), (IMAGE,)),
            "rate": (app.rate is not None, (SOUND,)),
            "mean": (bool(app.mean), (IMAGE, SOUND)),
            "scale": (bool(app.scale), (IMAGE, SOUND)),
        }
        for name, (is_given, readers) in given.items():
            if is_given and takes not in readers:
                what = f"is given {takes}, of which '{name}' says nothing"
                yield self._problem(f"app.{name}", what, f"or write 'takes: {readers[0]}'")

    def _image(self, app: App, plain: AppInput) -> AppInput:
        size, shape = app.size, self._shape()
        if size and len(size) != 2:
            self._fail("app.size", f"wants a height and a width, not {list(size)}")
        image = _image_in(shape)
        if image is None and size:
            image = _image_of(shape, size)
        if image is None:
            todo = f"write 'takes: {NUMBERS}', or a 'size' that fits"
            self._fail("app.takes", f"has the shape {self._shown()}, which is no image's", todo)
        sides = zip((image.height, image.width), size or (-1, -1), strict=True)
        height, width = (wanted if side < 0 else side for side, wanted in sides)
        if min(height, width) < 0:
            self._fail("app.size", "takes images of any size", "write 'size: [HEIGHT, WIDTH]'")
        if size and (height, width) != size:
            self._fail("app.size", f"takes images of {height} x {width}, not of {list(size)}")
        found = dataclasses.replace(image, height=height, width=width)
        self._check_counts(plain, found.channels)
        is_flat = _image_in(shape) is None
        whole = (1, *found.shape) if len(shape) == 4 else found.shape
        return dataclasses.replace(
            plain,
            shape=tuple(shape) if is_flat else whole,
            height=height,
            width=width,
            channels=found.channels,
            planar=found.planar,
            is_raw=not (app.mean or app.scale),
        )

    def _sound(self, app: App, plain: AppInput) -> AppInput:
        shape = self._shape(may_be_long=True)
        self._check_counts(plain, 1)
        if sum(size != 1 for size in shape) != 1:
            self._fail("app.takes", f"has the shape {self._shown()}, which is no sound's")
        return dataclasses.replace(plain, shape=tuple(shape), rate=app.rate or 0)

    def _numbers(self, plain: AppInput) -> AppInput:
        shape = self._shape()
        if any(size < 0 for size in shape):
            self._fail("inputs", f"has the shape {self._shown()}", _SHAPE)
        if plain.takes == BYTES and math.prod(shape) != 1:
            self._fail("inputs", f"takes {self._shown()} strings, and a file is one", _SHAPE)
        return dataclasses.replace(plain, shape=tuple(shape))

    def _shape(self, *, may_be_long: bool = False) -> Sequence[int]:
        """The shape with 1 for a first dimension that is not known, as one thing is fed; but where
        it ``may_be_long``, it is a sound's length, if no other is."""
        shape = self.tensor.shape
        if shape is None:
            self._fail("inputs", "has a shape of unknown rank", _SHAPE)
        first, others = shape[:1], shape[1:]
        if first == (-1,) and not (may_be_long and all(size == 1 for size in others)):
            return (1, *others)
        return shape

    def _check_counts(self, plain: AppInput, channels: int) -> None:
        for name, values in (("mean", plain.mean), ("scale", plain.scale)):
            if len(values) not in (1, channels):
                what = f"has {channels} channels, and {len(values)} numbers are given"
                self._fail(f"app.{name}", what, "write one number, or one for each channel")

    def _shown(self) -> str:
        sizes = ("?" if size < 0 else str(size) for size in self.tensor.shape or ())
        return f"[{', '.join(sizes)}]"

    def _problem(self, name: str, what: str, todo: str) -> Problem:
        key = f"{self.key}.{name}"
        about = f"{key}: the input {self.tensor.name!r} {what}"
        return Problem(where=self.target.where(key), what=about, todo=todo)

    def _fail(self, name: str, what: str, todo: str = "") -> typing.NoReturn:
        raise ConfigError(self._problem(name, what, todo))


def _image_in(shape: Sequence[int]) -> _Image | None:
    """The image that a shape can be: with or without a first dimension of 1."""
    if len(shape) == 4 and shape[0] in (1, -1):
        shape = shape[1:]
    if len(shape) != 3:
        return None
    first, middle, last = shape
    if last in CHANNELS:
        return _Image(height=first, width=middle, channels=last)
    if first in CHANNELS:
        return _Image(height=middle, width=last, channels=first, planar=True)
    return None


def _image_of(shape: Sequence[int], size: Sequence[int]) -> _Image | None:
    """An image of this size whose values are in a shape that does not show it."""
    height, width = size
    channels, rest = divmod(math.prod(shape), height * width)
    if any(side < 0 for side in shape) or rest or channels not in CHANNELS:
        return None
    return _Image(height=height, width=width, channels=channels)


def _is_image(shape: Sequence[int]) -> bool:
    """Whether a shape can hardly be anything else."""
    found = _image_in(shape) if len(shape) == 4 else None
    sides = (found.height, found.width) if found else (1,)
    return all(side < 0 or side >= _LEAST_SIDE for side in sides)
