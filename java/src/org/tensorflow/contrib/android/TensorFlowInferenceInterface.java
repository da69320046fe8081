package org.tensorflow.contrib.android;

import android.content.res.AssetManager;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.DataType;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Shape;

/**
 * Runs a model: {@code feed} its inputs, {@code run} it, {@code fetch} its outputs.
 *
 * <p><b>Memory.</b> What is fed is copied at once, what is fetched is copied into the caller's
 * array or buffer, so both are the caller's again when the method returns. Inputs are forgotten
 * after a run, whether it succeeds or not; outputs are kept until the next one. {@link #close}
 * frees the model; so does the garbage collector, but much later.
 *
 * <p><b>Threads.</b> Any thread may call any method, and calls wait for one another. The feeds, the
 * run and the fetches of one inference belong together, though: threads that share an interface
 * hold its lock ({@code synchronized (inference) { ... }}) around all of them. Two interfaces are
 * independent, even with the same model.
 *
 * <p><b>Errors.</b> A name, type or shape that does not fit is an {@link IllegalArgumentException},
 * an interface that was closed an {@link IllegalStateException}. TensorFlow's own errors come with
 * TensorFlow's own words, in the exception of Java that is nearest.
 */
public class TensorFlowInferenceInterface implements AutoCloseable {
  private static final String ASSETS = "file:///android_asset/";
  private static final Charset UTF_8 = Charset.forName("UTF-8");

  /** 0 after the interface was closed, and where no session could be made. */
  private long session;

  private Graph graph;

  /**
   * Loads a frozen graph from an app's assets: {@code "file:///android_asset/model.pb"}, or
   * {@code "model.pb"}. Without the prefix, it can also be a file's path; the asset comes first.
   *
   * @throws RuntimeException if it cannot be read.
   */
  public TensorFlowInferenceInterface(AssetManager assets, String model) {
    try (InputStream stream = find(assets, model)) {
      session = NativeSession.open(stream);
    } catch (IOException failure) {
      throw new RuntimeException("The model " + model + " cannot be read", failure);
    }
  }

  /**
   * Loads a frozen graph from a stream, which is read to its end and not closed.
   *
   * @throws RuntimeException if it cannot be read.
   */
  public TensorFlowInferenceInterface(InputStream graph) {
    try {
      session = NativeSession.open(notNull(graph, "stream"));
    } catch (IOException failure) {
      throw new RuntimeException("The model cannot be read", failure);
    }
  }

  /** Loads a frozen graph from memory. */
  public TensorFlowInferenceInterface(byte[] graph) {
    this(new ByteArrayInputStream(graph));
  }

  /** Runs the model for these outputs: {@code "name"}, or {@code "name:1"} for a node's second. */
  public void run(String[] outputNames) {
    run(outputNames, false, new String[0]);
  }

  /** Runs the model, and measures each node for {@link #getStatString} if {@code enableStats}. */
  public void run(String[] outputNames, boolean enableStats) {
    run(outputNames, enableStats, new String[0]);
  }

  /** Runs the model, and also nodes that have no output. */
  public synchronized void run(
      String[] outputNames, boolean enableStats, String[] targetNodeNames) {
    NativeSession.run(
        opened(),
        notNull(outputNames, "array of outputs"),
        notNull(targetNodeNames, "array of targets"),
        enableStats);
  }

  /**
   * Runs nodes that must run once before the model, such as those that fill its lookup tables.
   * Which these are is {@code run_once} in {@code models/NAME.json} beside the library.
   */
  public void runOnce(String... nodeNames) {
    run(new String[0], false, nodeNames);
  }

  /** The nodes of the model. */
  public synchronized Graph graph() {
    if (graph == null) {
      graph = readGraph(opened());
    }
    return graph;
  }

  /**
   * The node of this name.
   *
   * @throws RuntimeException if there is none.
   */
  public Operation graphOperation(String operationName) {
    Operation found = graph().operation(operationName);
    if (found == null) {
      throw new IllegalArgumentException("The graph has no node '" + operationName + "'");
    }
    return found;
  }

  /**
   * How long each node took on average, the slowest first, over all runs with
   * {@code enableStats}; empty if there was none.
   */
  public synchronized String getStatString() {
    return NativeSession.times(opened());
  }

  /** Frees the model. All methods but this one then throw an {@link IllegalStateException}. */
  @Override
  public synchronized void close() {
    long closing = session;
    session = 0;
    if (closing != 0) {
      NativeSession.close(closing);
    }
  }

  @Override
  @SuppressWarnings({"deprecation", "removal"})
  protected void finalize() throws Throwable {
    try {
      close();
    } finally {
      super.finalize();
    }
  }

  // Without dims, an input is a single value.

  public void feed(String inputName, boolean[] src, long... dims) {
    feedArray(inputName, DataType.BOOL, src, src.length, dims);
  }

  public void feed(String inputName, float[] src, long... dims) {
    feedArray(inputName, DataType.FLOAT, src, src.length, dims);
  }

  public void feed(String inputName, double[] src, long... dims) {
    feedArray(inputName, DataType.DOUBLE, src, src.length, dims);
  }

  public void feed(String inputName, int[] src, long... dims) {
    feedArray(inputName, DataType.INT32, src, src.length, dims);
  }

  public void feed(String inputName, long[] src, long... dims) {
    feedArray(inputName, DataType.INT64, src, src.length, dims);
  }

  /** Feeds uint8, or int8 where the model has that; Java has one type of byte for both. */
  public void feed(String inputName, byte[] src, long... dims) {
    feedArray(inputName, DataType.UINT8, src, src.length, dims);
  }

  /** Feeds strings, in UTF-8. */
  public void feed(String inputName, String[] src, long... dims) {
    byte[][] bytes = new byte[src.length][];
    for (int i = 0; i < src.length; ++i) {
      bytes[i] = notNull(src[i], "string").getBytes(UTF_8);
    }
    feedString(inputName, bytes, dims);
  }

  /** Feeds a single string of bytes. */
  public void feedString(String inputName, byte[] src) {
    feedString(inputName, new byte[][] {src}, new long[0]);
  }

  /** Feeds a row of strings of bytes. */
  public void feedString(String inputName, byte[][] src) {
    feedString(inputName, src, new long[] {src.length});
  }

  /** Feeds strings of bytes in this shape. */
  public synchronized void feedString(String inputName, byte[][] src, long[] dims) {
    NativeSession.feedStrings(
        opened(), notNull(inputName, "name"), notNull(src, "array"), notNull(dims, "shape"));
  }

  // What lies between a buffer's position and its limit is fed, and the position moves there. A
  // direct buffer in the machine's own order (ByteOrder.nativeOrder()) is copied once, others twice.

  public void feed(String inputName, FloatBuffer src, long... dims) {
    if (isReady(src, src.order())) {
      feedBuffer(inputName, DataType.FLOAT, src, dims);
    } else {
      float[] copy = new float[src.remaining()];
      src.duplicate().get(copy);
      feed(inputName, copy, dims);
    }
    moveToEnd(src);
  }

  public void feed(String inputName, DoubleBuffer src, long... dims) {
    if (isReady(src, src.order())) {
      feedBuffer(inputName, DataType.DOUBLE, src, dims);
    } else {
      double[] copy = new double[src.remaining()];
      src.duplicate().get(copy);
      feed(inputName, copy, dims);
    }
    moveToEnd(src);
  }

  public void feed(String inputName, IntBuffer src, long... dims) {
    if (isReady(src, src.order())) {
      feedBuffer(inputName, DataType.INT32, src, dims);
    } else {
      int[] copy = new int[src.remaining()];
      src.duplicate().get(copy);
      feed(inputName, copy, dims);
    }
    moveToEnd(src);
  }

  public void feed(String inputName, LongBuffer src, long... dims) {
    if (isReady(src, src.order())) {
      feedBuffer(inputName, DataType.INT64, src, dims);
    } else {
      long[] copy = new long[src.remaining()];
      src.duplicate().get(copy);
      feed(inputName, copy, dims);
    }
    moveToEnd(src);
  }

  /** Feeds uint8, or int8 where the model has that. */
  public void feed(String inputName, ByteBuffer src, long... dims) {
    if (src.isDirect()) {
      feedBuffer(inputName, DataType.UINT8, src, dims);
    } else {
      byte[] copy = new byte[src.remaining()];
      src.duplicate().get(copy);
      feed(inputName, copy, dims);
    }
    moveToEnd(src);
  }

  // An array may be longer than the output; what is behind it then stays as it is.

  public void fetch(String outputName, boolean[] dst) {
    fetchArray(outputName, DataType.BOOL, dst, dst.length);
  }

  public void fetch(String outputName, float[] dst) {
    fetchArray(outputName, DataType.FLOAT, dst, dst.length);
  }

  public void fetch(String outputName, double[] dst) {
    fetchArray(outputName, DataType.DOUBLE, dst, dst.length);
  }

  public void fetch(String outputName, int[] dst) {
    fetchArray(outputName, DataType.INT32, dst, dst.length);
  }

  public void fetch(String outputName, long[] dst) {
    fetchArray(outputName, DataType.INT64, dst, dst.length);
  }

  /** Fetches uint8 or int8. */
  public void fetch(String outputName, byte[] dst) {
    fetchArray(outputName, DataType.UINT8, dst, dst.length);
  }

  /** Fetches strings that are UTF-8. */
  public void fetch(String outputName, String[] dst) {
    byte[][] found = fetchString(outputName);
    if (found.length > dst.length) {
      throw new IllegalArgumentException(
          "The output '" + outputName + "' has " + found.length + " elements, and there is room for "
              + dst.length);
    }
    for (int i = 0; i < found.length; ++i) {
      dst[i] = new String(found[i], UTF_8);
    }
  }

  /** Fetches strings of any bytes, row by row. */
  public synchronized byte[][] fetchString(String outputName) {
    return NativeSession.fetchStrings(opened(), notNull(outputName, "name"));
  }

  /** The shape that an output has after a run. */
  public synchronized long[] fetchShape(String outputName) {
    return NativeSession.fetchShape(opened(), notNull(outputName, "name"));
  }

  // A buffer is written from its position on, which moves behind the output.

  public void fetch(String outputName, FloatBuffer dst) {
    if (isReady(dst, dst.order())) {
      fetchBuffer(outputName, DataType.FLOAT, dst);
    } else {
      float[] copy = new float[dst.remaining()];
      dst.put(copy, 0, fetchArray(outputName, DataType.FLOAT, copy, copy.length));
    }
  }

  public void fetch(String outputName, DoubleBuffer dst) {
    if (isReady(dst, dst.order())) {
      fetchBuffer(outputName, DataType.DOUBLE, dst);
    } else {
      double[] copy = new double[dst.remaining()];
      dst.put(copy, 0, fetchArray(outputName, DataType.DOUBLE, copy, copy.length));
    }
  }

  public void fetch(String outputName, IntBuffer dst) {
    if (isReady(dst, dst.order())) {
      fetchBuffer(outputName, DataType.INT32, dst);
    } else {
      int[] copy = new int[dst.remaining()];
      dst.put(copy, 0, fetchArray(outputName, DataType.INT32, copy, copy.length));
    }
  }

  public void fetch(String outputName, LongBuffer dst) {
    if (isReady(dst, dst.order())) {
      fetchBuffer(outputName, DataType.INT64, dst);
    } else {
      long[] copy = new long[dst.remaining()];
      dst.put(copy, 0, fetchArray(outputName, DataType.INT64, copy, copy.length));
    }
  }

  /** Fetches uint8 or int8. */
  public void fetch(String outputName, ByteBuffer dst) {
    if (isReady(dst, ByteOrder.nativeOrder())) {
      fetchBuffer(outputName, DataType.UINT8, dst);
    } else {
      byte[] copy = new byte[dst.remaining()];
      dst.put(copy, 0, fetchArray(outputName, DataType.UINT8, copy, copy.length));
    }
  }

  private synchronized void feedArray(
      String name, DataType type, Object array, int count, long[] dims) {
    NativeSession.feedArray(
        opened(), notNull(name, "name"), type.number(), array, count, notNull(dims, "shape"));
  }

  private synchronized void feedBuffer(String name, DataType type, Buffer buffer, long[] dims) {
    NativeSession.feedBuffer(
        opened(),
        notNull(name, "name"),
        type.number(),
        buffer,
        buffer.position(),
        buffer.remaining(),
        notNull(dims, "shape"));
  }

  private synchronized int fetchArray(String name, DataType type, Object array, int room) {
    return NativeSession.fetchArray(
        opened(), notNull(name, "name"), type.number(), array, room);
  }

  private synchronized void fetchBuffer(String name, DataType type, Buffer buffer) {
    int count =
        NativeSession.fetchBuffer(
            opened(),
            notNull(name, "name"),
            type.number(),
            buffer,
            buffer.position(),
            buffer.remaining());
    buffer.position(buffer.position() + count);
  }

  /** The session; the caller has the lock, so that it stays open until the lock is given back. */
  private long opened() {
    if (session == 0) {
      throw new IllegalStateException("This TensorFlowInferenceInterface was closed");
    }
    return session;
  }

  /** Whether the native code can use a buffer's memory as it is. */
  private static boolean isReady(Buffer buffer, ByteOrder order) {
    return buffer.isDirect() && !buffer.isReadOnly() && order == ByteOrder.nativeOrder();
  }

  private static void moveToEnd(Buffer buffer) {
    buffer.position(buffer.limit());
  }

  private static InputStream find(AssetManager assets, String model) throws IOException {
    if (model.startsWith(ASSETS)) {
      return assets.open(model.substring(ASSETS.length()));
    }
    try {
      return assets.open(model);
    } catch (IOException missing) {
      return new FileInputStream(model);
    }
  }

  private static Graph readGraph(long session) {
    String[] names = NativeSession.nodeNames(session);
    String[] ops = NativeSession.nodeOps(session);
    List<Operation> found = new ArrayList<Operation>(names.length);
    for (int node = 0; node < names.length; ++node) {
      int[] numbers = NativeSession.outputTypes(session, node);
      DataType[] types = new DataType[numbers.length];
      Shape[] shapes = new Shape[numbers.length];
      for (int output = 0; output < numbers.length; ++output) {
        types[output] = DataType.of(numbers[output]);
        shapes[output] = shapeOf(NativeSession.outputShape(session, node, output));
      }
      found.add(new Operation(names[node], ops[node], types, shapes));
    }
    return new Graph(found);
  }

  private static Shape shapeOf(long[] sizes) {
    if (sizes == null) {
      return Shape.unknown();
    }
    if (sizes.length == 0) {
      return Shape.scalar();
    }
    long[] rest = new long[sizes.length - 1];
    System.arraycopy(sizes, 1, rest, 0, rest.length);
    return Shape.make(sizes[0], rest);
  }

  private static <T> T notNull(T value, String what) {
    if (value == null) {
      throw new NullPointerException("the " + what + " is null");
    }
    return value;
  }
}
