"""What changed from one build to another."""

from __future__ import annotations

from dataclasses import dataclass

COUNTED = "stripped"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Bytes of one thing before and after; None where it was not, or is not, there."""

    name: str
    before: int | None
    after: int | None

    @property
    def grown(self) -> int:
        """By how many bytes it has grown."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, kw_only=True)
class SizeChanges:
    """What changed of the sizes by ``kind``, such as ``op``: what grew most comes first."""

    kind: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Names:
    """Things of one kind that came, and that went."""

    kind: str
    came: tuple[str, ...]
    went: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``before`` and ``after`` say what is compared. ``totals`` are all sizes, changed or not.
    ``tree`` says how the source tree differs, empty if it does not; ``unknown`` what could not be
    compared."""

    before: str
    after: str
    totals: tuple[Change, ...]
    sizes: tuple[SizeChanges, ...]
    names: tuple[Names, ...]
    tree: str
    unknown: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether nothing that was compared differs."""
        totals = any(change.grown for change in self.totals)
        return not (totals or self.sizes or self.names or self.tree)

    @property
    def grown(self) -> int:
        """By how many bytes the stripped program has grown."""
        return next(change.grown for change in self.totals if change.name == COUNTED)
