package org.tensorflow;

import java.util.Arrays;

/** What is known of a tensor's shape before the model runs. It never changes. */
public final class Shape {
  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /** A shape of which not even the number of dimensions is known. */
  public static Shape unknown() {
    return new Shape(null);
  }

  /** The shape of a single value. */
  public static Shape scalar() {
    return new Shape(new long[0]);
  }

  /** A shape of these dimensions; -1 stands for one whose size is not known. */
  public static Shape make(long first, long... rest) {
    long[] sizes = new long[rest.length + 1];
    sizes[0] = first;
    System.arraycopy(rest, 0, sizes, 1, rest.length);
    return new Shape(sizes);
  }

  /** How many dimensions it has, or -1 if that is not known. */
  public int numDimensions() {
    return sizes == null ? -1 : sizes.length;
  }

  /** The size of a dimension, or -1 if it is not known. */
  public long size(int dimension) {
    if (sizes == null || dimension < 0 || dimension >= sizes.length) {
      throw new IndexOutOfBoundsException("dimension " + dimension + " of the shape " + this);
    }
    return sizes[dimension];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape && Arrays.equals(sizes, ((Shape) other).sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /** {@code [?, 64]}, or {@code <unknown>}. */
  @Override
  public String toString() {
    return sizes == null ? "<unknown>" : Arrays.toString(sizes).replace("-1", "?");
  }
}
