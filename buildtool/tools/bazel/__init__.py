"""Bazel: which one a tree wants, where it is, its flags, and the files that it reads."""
