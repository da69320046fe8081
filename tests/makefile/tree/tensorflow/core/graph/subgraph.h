#ifndef TENSORFLOW_CORE_GRAPH_SUBGRAPH_H_
#define TENSORFLOW_CORE_GRAPH_SUBGRAPH_H_

#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/graph/graph.h"

namespace tensorflow {
namespace subgraph {

// Feeds become _Arg nodes, fetches _Retval nodes; the numbers of the latter go to `retvals`.
Status RewriteGraphForExecution(const std::vector<Endpoint>& feeds,
                                const std::vector<DataType>& feed_types,
                                const std::vector<Endpoint>& fetches, Graph* graph,
                                std::vector<int>* retvals);

// The type of an output, as the attributes of its node settle it.
Status OutputType(const Graph& graph, const Endpoint& endpoint, DataType* type);
// The types of all outputs of a node.
Status OutputTypes(const Node& node, std::vector<DataType>* types);

}  // namespace subgraph
}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_GRAPH_SUBGRAPH_H_
