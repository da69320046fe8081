"""Boards that are reached by ssh: what they are, and how programs run there."""
