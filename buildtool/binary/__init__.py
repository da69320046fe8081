"""Readers of object files, archives, symbols and link maps. They know nothing of targets."""
