"""Models that are not of TensorFlow Lite become so, by TensorFlow's own converter."""
