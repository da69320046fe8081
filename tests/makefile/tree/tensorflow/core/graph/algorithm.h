#ifndef TENSORFLOW_CORE_GRAPH_ALGORITHM_H_
#define TENSORFLOW_CORE_GRAPH_ALGORITHM_H_

#include <vector>

#include "tensorflow/core/graph/graph.h"

namespace tensorflow {

// `roots` and all that they need, each after what it needs itself.
std::vector<int> NeededInOrder(const Graph& graph, const std::vector<int>& roots);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_GRAPH_ALGORITHM_H_
