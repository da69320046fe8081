"""Transforms that change what a model computes, and say by how much its weights change."""
