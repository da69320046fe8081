"""Decides which branch of a ``select()`` applies, from the flags that Bazel would be given.

The tree's own ``config_setting`` targets say what each condition means; nothing about a platform
is written here but the flags of the ready-made conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from buildtool.starlark.build_values import Target, absolute_label

DEFAULT = "//conditions:default"


@dataclass(frozen=True, kw_only=True)
class BuildConditions:
    """What ``select()`` may ask about.

    ``flags`` are Bazel's command-line flags (``("cpu", "armhf")``), ``defines`` its ``--define``
    values (``"name=value"``), ``settings`` complete labels of conditions that hold although they
    stand in an external repository (``@local_config_cuda//:is_cuda_enabled``). All others of
    those do not hold: no CUDA, ROCm or oneDNN.
    """

    flags: tuple[tuple[str, str], ...] = ()
    defines: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def mobile_conditions(cpu: str) -> BuildConditions:
    """A mobile-flavoured build for a plain Linux; ``cpu`` is ``armhf``, ``aarch64``, ``x86_64``.

    ``//tensorflow:mobile`` of TensorFlow 2.14 holds for Android, iOS, ChromiumOS and others; of
    these ChromiumOS alone is a Linux without further assumptions, and alone gets
    ``IS_MOBILE_PLATFORM`` from a BUILD file. ``k8``, Bazel's name for a PC, would bring oneDNN:
    third_party/mkl/build_defs.bzl has it on wherever the CPU is called so.
    """
    crosstool = ("crosstool_top", "//external:android/chromiumos")
    return BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", cpu), crosstool))


def android_conditions(cpu: str) -> BuildConditions:
    """An Android build; ``cpu`` is an ABI such as ``arm64-v8a``."""
    crosstool = ("crosstool_top", "//external:android/crosstool")
    return BuildConditions(flags=(("compilation_mode", "opt"), ("cpu", cpu), crosstool))


class ConditionSolver:
    """Answers for one set of conditions. ``find`` gives the target of a complete label."""

    def __init__(self, conditions: BuildConditions, find: Callable[[str], Target | None]) -> None:
        self._flags = dict(conditions.flags)
        self._defines = frozenset(conditions.defines)
        self._settings = frozenset(conditions.settings)
        self._find = find

    def choose(self, keys: Sequence[str]) -> int | None:
        """Return the index of the branch that applies: the most special condition that holds,
        else the default, else None.
        """
        best, chosen = 0, None
        for index, key in enumerate(keys):
            weight = 0 if key == DEFAULT else self.weight(key)
            if weight > best:
                best, chosen = weight, index
        if chosen is None and DEFAULT in keys:
            return keys.index(DEFAULT)
        return chosen

    def weight(self, label: str) -> int:
        """Return how many requirements the condition ``label`` has, 0 if it does not hold."""
        if label in self._settings:
            return 1
        target = self._find(label)
        if target is None:
            return 0
        if target.kind == "alias":
            return self.weight(target.actual)
        if target.kind == "config_setting_group":
            return self._group(target)
        return self._setting(target) if target.kind == "config_setting" else 0

    def _group(self, target: Target) -> int:
        every = [self.weight(member) for member in _labels(target, "match_all")]
        if every:
            return sum(every) if all(every) else 0
        return max((self.weight(member) for member in _labels(target, "match_any")), default=0)

    def _setting(self, target: Target) -> int:
        requirements = [
            *(self._flag_holds(name, value) for name, value in _pairs(target, "values")),
            *(
                f"{name}={value}" in self._defines
                for name, value in _pairs(target, "define_values")
            ),
            *(
                self._user_flag(target, name, value)
                for name, value in _pairs(target, "flag_values")
            ),
            *(name in self._settings for name in _labels(target, "constraint_values")),
        ]
        return len(requirements) if all(requirements) else 0

    def _flag_holds(self, name: str, value: str) -> bool:
        return value in self._defines if name == "define" else self._flags.get(name) == value

    def _user_flag(self, target: Target, name: str, value: str) -> bool:
        label = absolute_label(name, target.package)
        if label in self._flags:
            return self._flags[label] == value
        flag = self._find(label)
        default = flag.attrs.get("build_setting_default") if flag else None
        return str(default).lower() == value.lower()


def _labels(target: Target, key: str) -> list[str]:
    return [absolute_label(text, target.package) for text in target.attrs.get(key) or ()]


def _pairs(target: Target, key: str) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in (target.attrs.get(key) or {}).items()]
