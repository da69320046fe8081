# What this tree is compiled with. The versions are those that this project has in its lock file.

def tf_workspace(path_prefix = "", tf_repo_name = ""):
    native.http_archive(
        name = "protobuf_archive",
        urls = [
            "https://mirror.bazel.build/github.com/google/protobuf/archive/3.21.12.tar.gz",
            "https://github.com/google/protobuf/archive/3.21.12.tar.gz",
        ],
        strip_prefix = "protobuf-3.21.12",
    )

    native.http_archive(
        name = "nsync",
        urls = ["https://github.com/google/nsync/archive/1.29.2.tar.gz"],
        strip_prefix = "nsync-1.29.2",
    )
