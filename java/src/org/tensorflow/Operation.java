package org.tensorflow;

/** A node of the graph. */
public final class Operation {
  private final String name;
  private final String type;
  private final Output[] outputs;

  /** A node {@code name} of the op {@code type}, whose outputs have these types and shapes. */
  public Operation(String name, String type, DataType[] types, Shape[] shapes) {
    this.name = name;
    this.type = type;
    outputs = new Output[types.length];
    for (int i = 0; i < types.length; ++i) {
      outputs[i] = new Output(this, i, types[i], shapes[i]);
    }
  }

  public String name() {
    return name;
  }

  /** What the op is called, such as {@code MatMul}. */
  public String type() {
    return type;
  }

  public int numOutputs() {
    return outputs.length;
  }

  public Output output(int index) {
    if (index < 0 || index >= outputs.length) {
      throw new IndexOutOfBoundsException(
          name + " has " + outputs.length + " outputs, none of them is number " + index);
    }
    return outputs[index];
  }

  @Override
  public String toString() {
    return name + " (" + type + ")";
  }
}
