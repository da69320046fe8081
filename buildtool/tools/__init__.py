"""Compilers, SDKs and emulators of this machine: found, tried, reported if they are missing."""
