"""TensorFlow Lite with ops of TensorFlow itself: Select TF ops, run by the Flex delegate."""
