package org.tensorflow;

import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The nodes of a model, as its file has them. It needs no closing, and can be used after the
 * interface that gave it was closed.
 */
public final class Graph {
  private final Map<String, Operation> operations = new LinkedHashMap<String, Operation>();

  public Graph(Collection<Operation> operations) {
    for (Operation operation : operations) {
      this.operations.put(operation.name(), operation);
    }
  }

  /** The node of this name, or null. */
  public Operation operation(String name) {
    return operations.get(name);
  }

  /** All nodes, in the order of the file. */
  public Iterator<Operation> operations() {
    return Collections.unmodifiableCollection(operations.values()).iterator();
  }
}
