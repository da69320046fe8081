#include "tensorflow/core/graph/algorithm.h"

namespace tensorflow {

std::vector<int> NeededInOrder(const Graph& graph, const std::vector<int>& roots) {
  std::vector<bool> seen(graph.num_nodes()), placed(graph.num_nodes());
  std::vector<int> order;
  std::vector<int> waiting(roots);
  while (!waiting.empty()) {
    const int id = waiting.back();
    if (!seen[id]) {
      seen[id] = true;
      for (const Endpoint& input : graph.node(id).inputs) {
        if (!seen[input.node]) waiting.push_back(input.node);
      }
      continue;
    }
    waiting.pop_back();
    if (!placed[id]) order.push_back(id);
    placed[id] = true;
  }
  return order;
}

}  // namespace tensorflow
