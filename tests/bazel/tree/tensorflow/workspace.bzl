# What this tree is compiled with. The versions are those that this project has in its lock file.

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")

def check_version(oldest):
    """Only remembered here which Bazel is the oldest."""
    if native.bazel_version and native.bazel_version < "0.1":
        fail("Bazel %s or newer is needed" % oldest)

def tf_workspace(path_prefix = "", tf_repo_name = ""):
    http_archive(
        name = "protobuf_archive",
        build_file = "//third_party:protobuf.BUILD",
        urls = [
            "https://mirror.bazel.build/github.com/google/protobuf/archive/3.21.12.tar.gz",
            "https://github.com/google/protobuf/archive/3.21.12.tar.gz",
        ],
        strip_prefix = "protobuf-3.21.12",
    )

    http_archive(
        name = "nsync",
        build_file = "//third_party:nsync.BUILD",
        urls = ["https://github.com/google/nsync/archive/1.29.2.tar.gz"],
        strip_prefix = "nsync-1.29.2",
    )
