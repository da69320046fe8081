"""Renames protobuf, so that an app with a protobuf of its own, of any version, links with ours.

The namespace ``google::protobuf`` becomes ``PREFIX_google::protobuf``, the headers move from
``google/protobuf/`` to ``PREFIX_google/protobuf/``, protobuf's macros and the global names that
protoc makes of its file names get the prefix, too. One file of an app can then include both. What
is written on the wire, in type URLs and in JSON keeps its names, and so ``.proto`` files stay as
they are: a message of one protobuf can be read by the other.

Not renamed: namespaces of other packages. An app that has another TensorFlow, or that compiles
TensorFlow's ``.proto`` files itself, still clashes with ours.
"""

from buildtool.rename.generated import rename_generated, write_protoc
from buildtool.rename.names import check_prefix
from buildtool.rename.renamed_tree import (
    RenameRecord,
    RenameReport,
    Unchanged,
    read_renamed,
    rename_tree,
)
from buildtool.rename.text import Kind, kind_of, rename_text

__all__ = [
    "Kind",
    "RenameRecord",
    "RenameReport",
    "Unchanged",
    "check_prefix",
    "kind_of",
    "read_renamed",
    "rename_generated",
    "rename_text",
    "rename_tree",
    "write_protoc",
]
