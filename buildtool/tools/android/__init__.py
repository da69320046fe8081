"""Android's SDK, NDK, AARs and shared libraries: read, checked, and told to Bazel."""
