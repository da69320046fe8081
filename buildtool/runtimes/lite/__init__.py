"""TensorFlow Lite: ``.tflite`` models, run by interpreters."""
