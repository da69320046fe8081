"""The interface by which Java runs a model: a library of native functions, and its classes."""
