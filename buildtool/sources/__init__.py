"""The ``sources`` stage: where trees and dependencies come from, verified against the lock."""

from buildtool.sources.cache import Cache
from buildtool.sources.checkout import local_tree
from buildtool.sources.fetch import fetch, fetch_all, licence_files
from buildtool.sources.lock import Lock, LockedSource
from buildtool.sources.lock_reading import load_lock
from buildtool.sources.own_copies import OwnCopy, with_own_copies
from buildtool.sources.patching import patched_tree
from buildtool.sources.patience import Patience
from buildtool.sources.progress import Progress

__all__ = [
    "Cache",
    "Lock",
    "LockedSource",
    "OwnCopy",
    "Patience",
    "Progress",
    "fetch",
    "fetch_all",
    "licence_files",
    "load_lock",
    "local_tree",
    "patched_tree",
    "with_own_copies",
]
