"""What a TensorFlow tree offers: its kernels, its op definitions and its source files."""
