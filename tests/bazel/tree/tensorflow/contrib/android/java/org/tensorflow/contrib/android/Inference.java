package org.tensorflow.contrib.android;

/** The native library, as Java sees it. */
public final class Inference {
  static {
    System.loadLibrary("tensorflow_inference");
  }

  private Inference() {}

  /** How many ops are registered. */
  public static native int countOps();

  /** A new session; 0 if there can be none. */
  public static native long allocate();

  /** Ends a session. */
  public static native void delete(long session);
}
