package org.tensorflow;

/** One of the tensors that an operation makes. */
public final class Output {
  private final Operation operation;
  private final int index;
  private final DataType type;
  private final Shape shape;

  Output(Operation operation, int index, DataType type, Shape shape) {
    this.operation = operation;
    this.index = index;
    this.type = type;
    this.shape = shape;
  }

  /** The operation that makes it. */
  public Operation op() {
    return operation;
  }

  /** Its place among the operation's outputs. */
  public int index() {
    return index;
  }

  public DataType dataType() {
    return type;
  }

  public Shape shape() {
    return shape;
  }

  @Override
  public String toString() {
    return operation.name() + ":" + index + " " + type + " " + shape;
  }
}
