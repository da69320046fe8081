import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.tensorflow.DataType;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.Shape;
import org.tensorflow.contrib.android.TensorFlowInferenceInterface;

/**
 * What a Java program sees of the interface: each method without parameters is a case. {@code
 * InferenceCases FOLDER NAME...} does the named ones with the models of the folder, and says how
 * each went. {@code digits.pb} is the project's model; {@code types.pb} has an input of each type,
 * and outputs are fetched as they were fed.
 */
public final class InferenceCases {
  private static final float[] ZERO = new float[64];
  private static Path folder;

  public static void main(String[] words) throws Exception {
    folder = Paths.get(words[0]);
    for (String name : Arrays.asList(words).subList(1, words.length)) {
      Method method = InferenceCases.class.getDeclaredMethod(name);
      try {
        method.invoke(null);
        System.out.println("ok " + name);
      } catch (InvocationTargetException failure) {
        System.out.println("failed " + name);
        failure.getCause().printStackTrace(System.out);
      }
    }
  }

  // ---- values of every type ----------------------------------------------------------------

  static void arraysOfEveryType() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      float[] floats = {1.5f, -0f, Float.NaN, Float.MAX_VALUE};
      double[] doubles = {Math.PI, Double.MIN_VALUE, -1, 0};
      int[] ints = {1, -2, Integer.MAX_VALUE, Integer.MIN_VALUE};
      long[] longs = {1L, -2L, Long.MAX_VALUE, Long.MIN_VALUE};
      byte[] bytes = {0, 127, -128, -1};
      boolean[] booleans = {true, false, false, true};
      it.feed("to_float", floats, 2, 2);
      it.feed("to_double", doubles, 4);
      it.feed("to_int32", ints, 1, 4);
      it.feed("to_int64", longs, 4, 1);
      it.feed("to_uint8", bytes, 4);
      it.feed("to_int8", bytes, 2, 2);
      it.feed("to_bool", booleans, 4);
      it.run(new String[] {"float", "double", "int32", "int64", "uint8", "int8", "bool"});
      float[] floatsBack = new float[4];
      double[] doublesBack = new double[4];
      int[] intsBack = new int[4];
      long[] longsBack = new long[4];
      byte[] unsigned = new byte[4];
      byte[] signed = new byte[4];
      boolean[] booleansBack = new boolean[4];
      it.fetch("float", floatsBack);
      it.fetch("double", doublesBack);
      it.fetch("int32", intsBack);
      it.fetch("int64", longsBack);
      it.fetch("uint8", unsigned);
      it.fetch("int8", signed);
      it.fetch("bool", booleansBack);
      same(Arrays.toString(floats), Arrays.toString(floatsBack));
      same(Arrays.toString(doubles), Arrays.toString(doublesBack));
      same(Arrays.toString(ints), Arrays.toString(intsBack));
      same(Arrays.toString(longs), Arrays.toString(longsBack));
      same(Arrays.toString(bytes), Arrays.toString(unsigned));
      same(Arrays.toString(bytes), Arrays.toString(signed));
      same(Arrays.toString(booleans), Arrays.toString(booleansBack));
      same("[2, 2]", Arrays.toString(it.fetchShape("float")));
      same("[4, 1]", Arrays.toString(it.fetchShape("int64:0")));
    }
  }

  static void singleValuesAndNone() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      it.feed("to_float", new float[] {7});
      it.feed("to_int32", new int[0], 0, 3);
      it.run(new String[] {"float", "int32"});
      float[] value = new float[1];
      it.fetch("float", value);
      it.fetch("int32", new int[0]);
      same("7.0", value[0]);
      same("[]", Arrays.toString(it.fetchShape("float")));
      same("[0, 3]", Arrays.toString(it.fetchShape("int32")));
    }
  }

  /** Each kind of buffer, with more around what is fed and fetched. */
  static void buffersOfEveryType() throws IOException {
    for (boolean direct : new boolean[] {true, false}) {
      for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
        try (TensorFlowInferenceInterface it = load("types.pb")) {
          FloatBuffer floats = bytes(direct, 24, order).asFloatBuffer();
          DoubleBuffer doubles = bytes(direct, 48, order).asDoubleBuffer();
          IntBuffer ints = bytes(direct, 24, order).asIntBuffer();
          LongBuffer longs = bytes(direct, 48, order).asLongBuffer();
          ByteBuffer bytes = bytes(direct, 6, order);
          for (int i = 0; i < 6; ++i) {
            floats.put(i, i + 0.5f);
            doubles.put(i, i + 0.25);
            ints.put(i, -i);
            longs.put(i, -10L * i);
            bytes.put(i, (byte) (200 + i));
          }
          floats.position(1).limit(5);
          doubles.position(1).limit(5);
          ints.position(1).limit(5);
          longs.position(1).limit(5);
          bytes.position(1).limit(5);
          it.feed("to_float", floats, 4);
          it.feed("to_double", doubles, 2, 2);
          it.feed("to_int32", ints, 4);
          it.feed("to_int64", longs, 4);
          it.feed("to_uint8", bytes, 4);
          same(5, floats.position());
          same(5, doubles.position());
          same(5, ints.position());
          same(5, longs.position());
          same(5, bytes.position());
          it.run(new String[] {"float", "double", "int32", "int64", "uint8"});
          FloatBuffer floatsBack = bytes(direct, 24, order).asFloatBuffer();
          DoubleBuffer doublesBack = bytes(direct, 48, order).asDoubleBuffer();
          IntBuffer intsBack = bytes(direct, 24, order).asIntBuffer();
          LongBuffer longsBack = bytes(direct, 48, order).asLongBuffer();
          ByteBuffer bytesBack = bytes(direct, 6, order);
          floatsBack.position(1);
          doublesBack.position(1);
          intsBack.position(1);
          longsBack.position(1);
          bytesBack.position(1);
          it.fetch("float", floatsBack);
          it.fetch("double", doublesBack);
          it.fetch("int32", intsBack);
          it.fetch("int64", longsBack);
          it.fetch("uint8", bytesBack);
          same(5, floatsBack.position());
          same(5, doublesBack.position());
          same(5, intsBack.position());
          same(5, longsBack.position());
          same(5, bytesBack.position());
          for (int i = 0; i < 6; ++i) {
            boolean inside = i > 0 && i < 5;
            same(inside ? i + 0.5f : 0f, floatsBack.get(i));
            same(inside ? i + 0.25 : 0d, doublesBack.get(i));
            same(inside ? -i : 0, intsBack.get(i));
            same(inside ? -10L * i : 0L, longsBack.get(i));
            same(inside ? (byte) (200 + i) : (byte) 0, bytesBack.get(i));
          }
        }
      }
    }
  }

  static void buffersThatAreForReading() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      FloatBuffer source = FloatBuffer.wrap(new float[] {1, 2, 3}).asReadOnlyBuffer();
      ByteBuffer direct = ByteBuffer.allocateDirect(2).put(0, (byte) 9).asReadOnlyBuffer();
      it.feed("to_float", source, 3);
      it.feed("to_uint8", direct, 2);
      it.run(new String[] {"float", "uint8"});
      float[] back = new float[3];
      it.fetch("float", back);
      same("[1.0, 2.0, 3.0]", Arrays.toString(back));
      fails(java.nio.ReadOnlyBufferException.class, "", () -> it.fetch("uint8", direct.duplicate().rewind()));
    }
  }

  static void aPartOfABufferOfTheCallers() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      ByteBuffer whole = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
      whole.putInt(12, 77).putInt(16, 78).position(12);
      IntBuffer part = whole.slice().order(ByteOrder.nativeOrder()).asIntBuffer();
      part.limit(2);
      it.feed("to_int32", part, 2);
      it.run(new String[] {"int32"});
      int[] back = new int[2];
      it.fetch("int32", back);
      same("[77, 78]", Arrays.toString(back));
    }
  }

  static void bigDirectBuffers() throws IOException {
    int count = 16 << 20;
    FloatBuffer values = bytes(true, 4 * count, ByteOrder.nativeOrder()).asFloatBuffer();
    values.put(0, 1).put(count / 2, 2).put(count - 1, 3);
    FloatBuffer back = bytes(true, 4 * count, ByteOrder.nativeOrder()).asFloatBuffer();
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      it.feed("to_float", values, 16, 1 << 20);
      values.rewind();
      values.put(0, -1); // the tensor has a copy
      it.run(new String[] {"float"});
      it.fetch("float", back);
      same(count, back.position());
      same("1.0 2.0 3.0", back.get(0) + " " + back.get(count / 2) + " " + back.get(count - 1));
    }
  }

  static void strings() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      byte[] any = {0, (byte) 0xff, 'a', 0, (byte) 0xc3};
      it.feedString("to_string", any);
      it.run(new String[] {"string"});
      same("[]", Arrays.toString(it.fetchShape("string")));
      same(Arrays.toString(any), Arrays.toString(it.fetchString("string")[0]));

      it.feedString("to_string", new byte[][] {any, {}, {'x'}});
      it.run(new String[] {"string"});
      same("[3]", Arrays.toString(it.fetchShape("string")));
      byte[][] back = it.fetchString("string");
      same(3, back.length);
      same(0, back[1].length);
      same("[120]", Arrays.toString(back[2]));

      String[] texts = {"", "z\u00fcrich", "\ud83d\ude00", "a\u0000b", "long ".repeat(1000), "6"};
      it.feed("to_string", texts, 2, 3);
      it.run(new String[] {"string"});
      same("[2, 3]", Arrays.toString(it.fetchShape("string")));
      String[] found = new String[7];
      found[6] = "kept";
      it.fetch("string", found);
      same(Arrays.toString(texts), Arrays.toString(Arrays.copyOf(found, 6)));
      same("kept", found[6]);
      fails(IllegalArgumentException.class, "has 6 elements, and there is room for 5",
          () -> it.fetch("string", new String[5]));
      fails(NullPointerException.class, "string 1 of 'to_string' is null",
          () -> it.feedString("to_string", new byte[][] {any, null}));
      fails(IllegalArgumentException.class, "the output 'string' is string, not float",
          () -> it.fetch("string", new float[9]));
    }
  }

  // ---- what cannot be done -----------------------------------------------------------------

  static void wrongNames() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      it.feed("x", ZERO, 1, 64);
      fails(IllegalArgumentException.class, "nowhere", () -> it.run(new String[] {"nowhere"}));
      it.feed("x", ZERO, 1, 64);
      it.feed("nobody", ZERO, 64);
      fails(IllegalArgumentException.class, "nobody",
          () -> it.run(new String[] {"probabilities"}));
      it.feed("x", ZERO, 1, 64);
      fails(IndexOutOfBoundsException.class, "'probabilities' (type: 'Softmax', num of outputs: 1)",
          () -> it.run(new String[] {"probabilities:7"}));
      it.feed("x", ZERO, 1, 64);
      fails(IllegalArgumentException.class, "z\u00fcrich \ud83d\ude00".substring(0, 3),
          () -> it.run(new String[] {"z\u00fcrich \ud83d\ude00"}));
      it.feed("x", ZERO, 1, 64);
      it.run(new String[] {"probabilities"});
      fails(IllegalArgumentException.class, "was not asked for the output 'x'",
          () -> it.fetch("x", new float[64]));
      fails(NullPointerException.class, "the name is null", () -> it.feed(null, ZERO, 1, 64));
      fails(NullPointerException.class, "name 1 is null",
          () -> it.run(new String[] {"probabilities", null}));
    }
  }

  static void wrongShapes() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      fails(IllegalArgumentException.class,
          "the input 'x' has 64 elements, and its shape [1,63] has 63",
          () -> it.feed("x", ZERO, 1, 63));
      fails(IllegalArgumentException.class, "has 64 elements, and its shape [] has 1",
          () -> it.feed("x", ZERO));
      fails(IllegalArgumentException.class, "Dimension -1 must be >= 0",
          () -> it.feed("x", ZERO, -1, -64));
      fails(IllegalArgumentException.class, "",
          () -> it.feed("x", ZERO, Long.MAX_VALUE, Long.MAX_VALUE));
      fails(IllegalArgumentException.class, "", () -> it.feed("x", new float[0], new long[300]));
      it.feed("x", ZERO, 2, 32);
      fails(IllegalArgumentException.class, "Matrix size-incompatible: In[0]: [2,32], In[1]: [64",
          () -> it.run(new String[] {"probabilities"}));
    }
  }

  static void wrongTypes() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      it.feed("x", new int[64], 1, 64);
      fails(IllegalArgumentException.class, "int32", () -> it.run(new String[] {"probabilities"}));
      it.feed("x", ZERO, 1, 64);
      it.run(new String[] {"probabilities"});
      fails(IllegalArgumentException.class, "the output 'probabilities' is float, not int32",
          () -> it.fetch("probabilities", new int[10]));
      fails(IllegalArgumentException.class, "is float, not string",
          () -> it.fetchString("probabilities"));
      fails(IllegalArgumentException.class, "is float, not uint8",
          () -> it.fetch("probabilities", ByteBuffer.allocateDirect(99)));
    }
  }

  static void arraysThatAreTooSmallOrLarge() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      it.feed("x", ZERO, 1, 64);
      it.run(new String[] {"probabilities"});
      String wanted = "the output 'probabilities' has 10 elements, and there is room for 9";
      fails(IllegalArgumentException.class, wanted, () -> it.fetch("probabilities", new float[9]));
      FloatBuffer small = bytes(true, 40, ByteOrder.nativeOrder()).asFloatBuffer();
      small.position(1);
      fails(IllegalArgumentException.class, wanted, () -> it.fetch("probabilities", small));
      same(1, small.position());
      float[] large = new float[11];
      large[10] = 5;
      it.fetch("probabilities", large);
      same(5f, large[10]);
    }
  }

  static void brokenModels() throws IOException {
    byte[] good = Files.readAllBytes(folder.resolve("digits.pb"));
    fails(IllegalArgumentException.class, "has no nodes", () -> make(new byte[0]));
    fails(IllegalArgumentException.class, "no frozen graph", () -> make("hello!".getBytes()));
    fails(IllegalArgumentException.class, "or not all of it",
        () -> make(Arrays.copyOf(good, good.length / 2)));
    fails(IllegalArgumentException.class, "Op type not registered 'NoSuchOp'",
        () -> new TensorFlowInferenceInterface(open("unknown.pb")));
    fails(NullPointerException.class, "the stream is null",
        () -> new TensorFlowInferenceInterface((InputStream) null));
    IOException broken = new IOException("the cable was pulled");
    InputStream stream = new InputStream() {
      private int next;

      @Override
      public int read() throws IOException {
        if (next == good.length / 2) {
          throw broken;
        }
        return good[next++] & 0xff;
      }
    };
    Throwable failure =
        fails(RuntimeException.class, "cannot be read", () -> new TensorFlowInferenceInterface(stream));
    same(broken, failure.getCause());
  }

  static void inputsAreForgottenAfterARun() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      it.feed("x", ZERO, 1, 64);
      it.run(new String[] {"probabilities"});
      fails(IllegalArgumentException.class, "feed a value for placeholder tensor 'x'",
          () -> it.run(new String[] {"probabilities"}));
      fails(IllegalArgumentException.class, "was not asked for the output",
          () -> it.fetch("probabilities", new float[10]));
      it.feed("x", ZERO, 1, 64);
      it.run(new String[] {"probabilities"});
      it.fetch("probabilities", new float[10]);
    }
  }

  static void anInterfaceThatWasClosed() throws IOException {
    TensorFlowInferenceInterface it = load("digits.pb");
    Operation operation = it.graphOperation("x");
    it.close();
    it.close();
    List<Callable<?>> calls = new ArrayList<>();
    calls.add(call(() -> it.feed("x", ZERO, 1, 64)));
    calls.add(call(() -> it.feed("x", FloatBuffer.wrap(ZERO), 1, 64)));
    calls.add(call(() -> it.feedString("x", new byte[1])));
    calls.add(call(() -> it.run(new String[] {"probabilities"})));
    calls.add(call(() -> it.runOnce("x")));
    calls.add(call(() -> it.fetch("probabilities", new float[10])));
    calls.add(call(() -> it.fetchString("probabilities")));
    calls.add(call(() -> it.fetchShape("probabilities")));
    calls.add(call(() -> it.getStatString()));
    for (Callable<?> each : calls) {
      fails(IllegalStateException.class, "was closed", each::call);
    }
    same("x", operation.name());
  }

  // ---- threads and memory ------------------------------------------------------------------

  static void twoInterfacesAtOnce() throws Exception {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int number = 0; number < 2; ++number) {
      float[] image = new float[64];
      Arrays.fill(image, number);
      Thread thread = new Thread(() -> {
        try (TensorFlowInferenceInterface it = load("digits.pb")) {
          String first = classify(it, image);
          for (int i = 0; i < 300; ++i) {
            same(first, classify(it, image));
          }
        } catch (Throwable failure) {
          failures.add(failure);
        }
      });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    same("[]", failures.toString());
  }

  static void threadsThatShareAnInterface() throws Exception {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      for (int number = 0; number < 3; ++number) {
        float[] image = new float[64];
        Arrays.fill(image, number);
        Thread thread = new Thread(() -> {
          try {
            String first = locked(it, image);
            for (int i = 0; i < 100; ++i) {
              same(first, locked(it, image));
            }
          } catch (Throwable failure) {
            failures.add(failure);
          }
        });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    same("[]", failures.toString());
  }

  static void closingWhileAnotherThreadRuns() throws Exception {
    for (int round = 0; round < 20; ++round) {
      TensorFlowInferenceInterface it = load("digits.pb");
      List<Throwable> ended = Collections.synchronizedList(new ArrayList<>());
      Thread thread = new Thread(() -> {
        try {
          while (true) {
            classify(it, ZERO);
          }
        } catch (Throwable failure) {
          ended.add(failure);
        }
      });
      thread.start();
      Thread.sleep(5);
      it.close();
      thread.join();
      same(IllegalStateException.class, ended.get(0).getClass());
    }
  }

  static void noMemoryIsLost() throws IOException {
    float[] values = new float[1 << 20];
    long before = 0;
    for (int round = 0; round < 220; ++round) {
      if (round == 20) {
        before = residentBytes();
      }
      TensorFlowInferenceInterface it = load("types.pb");
      it.feed("to_float", values, values.length);
      it.feedString("to_string", new byte[values.length]);
      it.run(new String[] {"float", "string"});
      it.fetch("float", values);
      it.fetchString("string");
      it.graph();
      it.feed("to_float", values, values.length); // is never run
      it.close();
    }
    long grown = residentBytes() - before;
    // 200 rounds with 13 MB each.
    check(grown < 300 << 20, "the process has grown by " + grown + " bytes");
  }

  // ---- the graph ---------------------------------------------------------------------------

  static void theGraphAndItsOperations() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      Operation operation = it.graphOperation("probabilities");
      same("Softmax", operation.type());
      same(1, operation.numOutputs());
      Output output = operation.output(0);
      same(10L, output.shape().size(1));
      same(2, output.shape().numDimensions());
      same(DataType.FLOAT, output.dataType());
      same(operation, output.op());
      Graph graph = it.graph();
      same("[?, 64]", graph.operation("x").output(0).shape().toString().replace("[1,", "[?,"));
      same(null, graph.operation("nowhere"));
      List<String> names = new ArrayList<>();
      for (Iterator<Operation> each = graph.operations(); each.hasNext(); ) {
        names.add(each.next().name());
      }
      check(names.contains("x") && names.contains("probabilities"), names.toString());
      fails(RuntimeException.class, "no node 'nowhere'", () -> it.graphOperation("nowhere"));
      fails(IndexOutOfBoundsException.class, "none of them is number 1", () -> operation.output(1));
      fails(IndexOutOfBoundsException.class, "dimension 2", () -> output.shape().size(2));
      // It was asked for first: what is then fed finds its type.
      same(classify(it, ZERO), classify(it, ZERO));
    }
  }

  static void whatIsNotKnownOfTheGraph() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      Output output = it.graphOperation("int8").output(0);
      same(DataType.INT8, output.dataType());
      same(Shape.unknown(), output.shape());
      same(-1, output.shape().numDimensions());
    }
  }

  static void nodesThatRunOnce() throws IOException {
    try (TensorFlowInferenceInterface it = load("types.pb")) {
      it.runOnce("nothing");
      fails(IllegalArgumentException.class, "nowhere", () -> it.runOnce("nowhere"));
      fails(IllegalArgumentException.class, "at least one target", () -> it.runOnce());
      it.feed("to_float", new float[] {3});
      it.run(new String[] {"float"}, false, new String[] {"nothing"});
      float[] back = new float[1];
      it.fetch("float", back);
      same(3f, back[0]);
    }
  }

  static void timesOfTheNodes() throws IOException {
    try (TensorFlowInferenceInterface it = load("digits.pb")) {
      same("", it.getStatString());
      String plain = classify(it, ZERO);
      same("", it.getStatString());
      for (int i = 0; i < 3; ++i) {
        it.feed("x", ZERO, 1, 64);
        it.run(new String[] {"probabilities"}, true);
        float[] found = new float[10];
        it.fetch("probabilities", found);
        same(plain, Arrays.toString(found));
      }
      check(it.getStatString().contains(" us  probabilities\n"), it.getStatString());
    }
  }

  /** Needs kernels that the library of the digits does not have. */
  static void aTableThatIsFilledOnce() throws IOException {
    try (TensorFlowInferenceInterface it = load("table.pb")) {
      long[] keys = {0, 2, 5};
      it.feed("x", keys, 3);
      fails(IllegalStateException.class, "Table not initialized",
          () -> it.run(new String[] {"out"}));
      it.runOnce("init");
      it.feed("x", keys, 3);
      it.run(new String[] {"out"});
      long[] found = new long[3];
      it.fetch("out", found);
      same("[10, 20, -1]", Arrays.toString(found));
    }
  }

  // ---- helpers -----------------------------------------------------------------------------

  private interface Body {
    void run() throws Exception;
  }

  private static Callable<?> call(Body body) {
    return () -> {
      body.run();
      return null;
    };
  }

  private static InputStream open(String name) throws IOException {
    return new FileInputStream(folder.resolve(name).toFile());
  }

  private static TensorFlowInferenceInterface load(String name) throws IOException {
    try (InputStream stream = open(name)) {
      return new TensorFlowInferenceInterface(stream);
    }
  }

  private static void make(byte[] graph) {
    new TensorFlowInferenceInterface(graph).close();
  }

  private static ByteBuffer bytes(boolean direct, int count, ByteOrder order) {
    return (direct ? ByteBuffer.allocateDirect(count) : ByteBuffer.allocate(count)).order(order);
  }

  private static String classify(TensorFlowInferenceInterface it, float[] image) {
    it.feed("x", image, 1, 64);
    it.run(new String[] {"probabilities"});
    float[] found = new float[10];
    it.fetch("probabilities", found);
    return Arrays.toString(found);
  }

  private static String locked(TensorFlowInferenceInterface it, float[] image) {
    synchronized (it) {
      return classify(it, image);
    }
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS");
  }

  private static void check(boolean good, String what) {
    if (!good) {
      throw new AssertionError(what);
    }
  }

  private static void same(Object wanted, Object found) {
    String one = String.valueOf(wanted);
    check(one.equals(String.valueOf(found)), "wanted " + one + ", found " + found);
  }

  private static Throwable fails(Class<?> kind, String words, Body body) {
    try {
      body.run();
    } catch (Throwable failure) {
      if (kind.isInstance(failure) && String.valueOf(failure.getMessage()).contains(words)) {
        return failure;
      }
      throw new AssertionError("wanted " + kind.getName() + " with: " + words, failure);
    }
    throw new AssertionError("nothing was thrown; wanted " + kind.getName());
  }
}
