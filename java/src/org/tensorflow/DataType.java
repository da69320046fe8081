package org.tensorflow;

/** The types of tensors that this library can feed and fetch, and {@link #OTHER} for the rest. */
public enum DataType {
  FLOAT(1),
  DOUBLE(2),
  INT32(3),
  UINT8(4),
  INT8(6),
  STRING(7),
  INT64(9),
  BOOL(10),
  /** Any other type: it can stand inside a graph, but Java cannot see its values. */
  OTHER(0);

  private final int number;

  DataType(int number) {
    this.number = number;
  }

  /** The number that the type has in a graph's file (types.proto), 0 for {@link #OTHER}. */
  public int number() {
    return number;
  }

  /** The type that a graph's file gives this number. */
  public static DataType of(int number) {
    for (DataType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return OTHER;
  }
}
