"""What ``.tflite`` models run."""
