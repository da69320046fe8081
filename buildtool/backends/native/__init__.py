"""TensorFlow 2.x, compiled by a CMake project that is generated for it."""
