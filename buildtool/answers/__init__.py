"""Answers about a target: why something is in its library, or why not."""
