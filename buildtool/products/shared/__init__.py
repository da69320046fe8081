"""A shared library with TensorFlow's C API, and the AAR that carries it to apps for Android."""
