"""TensorFlow itself: graphs, run by sessions."""
