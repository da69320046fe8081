#!/bin/sh
# Writes the C++ file that says which commit of the tree this is: gen_git_source.sh FILE
set -eu
version=$(git describe --long --tags 2>/dev/null) || version=unknown
cat >"$1" <<END
const char* tf_git_version() { return "$version"; }
const char* tf_compiler_version() { return __VERSION__; }
END
