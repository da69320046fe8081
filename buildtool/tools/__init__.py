"""Compilers, SDKs and emulators of this machine: found, tried, and told when they are missing."""
