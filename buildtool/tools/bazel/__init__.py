"""Bazel: which one a tree wants, where it is, what it can be told, and the files that it reads."""
