package org.tensorflow;

/** An error of TensorFlow that no exception of Java's own stands for; the message is TensorFlow's. */
public final class TensorFlowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TensorFlowException(String message) {
    super(message);
  }
}
