package org.tensorflow.contrib.android;

import java.io.IOException;
import java.io.InputStream;
import java.nio.Buffer;

/**
 * The functions of {@code libtensorflow_inference.so}. A session is a number that {@link #open}
 * gives, and {@link #close} takes back: any other number, or one that was closed, must not be
 * used, and no two functions may use one at the same time. {@link TensorFlowInferenceInterface}
 * sees to both.
 *
 * <p>Types are numbers of types.proto. Sizes and places in arrays and buffers are those of
 * elements, and lie within them. What cannot be done is an exception.
 */
final class NativeSession {
  static {
    System.loadLibrary("tensorflow_inference");
  }

  private NativeSession() {}

  /** A session with the graph that the stream holds, which is read to its end and not closed. */
  static native long open(InputStream graph) throws IOException;

  static native void close(long session);

  /** Copies elements of an array of primitives into a tensor that the next run is given. */
  static native void feedArray(
      long session, String name, int type, Object array, int count, long[] shape);

  /** The same for elements of a direct buffer that is in this machine's byte order. */
  static native void feedBuffer(
      long session, String name, int type, Buffer buffer, int position, int count, long[] shape);

  static native void feedStrings(long session, String name, byte[][] values, long[] shape);

  /** Runs the model, forgets what was fed, and keeps the outputs until the next run. */
  static native void run(long session, String[] outputs, String[] targets, boolean timed);

  /** Copies an output to the beginning of an array; gives the number of its elements. */
  static native int fetchArray(long session, String name, int type, Object array, int room);

  /** The same, from {@code position} of a direct buffer on. */
  static native int fetchBuffer(
      long session, String name, int type, Buffer buffer, int position, int room);

  static native byte[][] fetchStrings(long session, String name);

  /** The shape of an output. */
  static native long[] fetchShape(long session, String name);

  /** How long the nodes of all timed runs took, in lines. */
  static native String times(long session);

  /** The names of the nodes, in the order of the file. */
  static native String[] nodeNames(long session);

  /** The ops of the nodes, in the same order. */
  static native String[] nodeOps(long session);

  /** The types of a node's outputs. */
  static native int[] outputTypes(long session, int node);

  /** The shape of an output as far as it is known, or null if nothing is. */
  static native long[] outputShape(long session, int node, int output);
}
