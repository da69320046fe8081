"""The names of a shared library and of what is made with it."""

from __future__ import annotations

NAME = "tensorflow_selective"
LIBRARY = f"lib{NAME}.so"
PLACE = f"lib/{LIBRARY}"  # below dist: what an app gets, without symbols
FACTS = "shared.json"  # below dist: what it was made with
