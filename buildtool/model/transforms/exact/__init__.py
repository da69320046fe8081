"""Transforms that compute what the graph before them computed."""
