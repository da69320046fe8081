"""TensorFlow 1.x, compiled by its own contrib/makefile on an overlay."""
