"""Android's SDK, NDK, AARs and shared libraries: read, checked, and handed to Bazel."""
