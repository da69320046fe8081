"""Runs a linked program for Apple's ARM64 without an Apple.

The program's machine code is executed by the PyPI package ``unicorn``; what it takes from Apple's
C library, Python does (modules ``lib_*``), on the host's own files and clock. Its C++ library is a
real one, found as a dynamic library under a folder that stands for the system's root.
"""
