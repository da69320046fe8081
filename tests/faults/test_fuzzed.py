"""The short form of :mod:`tests.faults.fuzzing`: the same inputs each time."""

from __future__ import annotations

import itertools

import pytest

from tests.faults.fuzzing import READERS, fuzz, made_inputs

COUNT = 150


@pytest.mark.parametrize("kind", READERS)
def test_damaged_input_is_read_or_refused_in_words(kind: str) -> None:
    assert list(fuzz(kind, iter(READERS[kind].seeds))) == []
    assert list(fuzz(kind, itertools.islice(made_inputs(kind, 2026), COUNT))) == []
