"""Builds the smallest TensorFlow library that runs a given model, and proves that it does."""
