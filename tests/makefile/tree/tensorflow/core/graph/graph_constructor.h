#ifndef TENSORFLOW_CORE_GRAPH_GRAPH_CONSTRUCTOR_H_
#define TENSORFLOW_CORE_GRAPH_GRAPH_CONSTRUCTOR_H_

#include "tensorflow/core/graph/graph.h"

namespace tensorflow {

class GraphDef;

Status ConvertGraphDefToGraph(const GraphDef& def, Graph* graph);
// "name", "name:1" or "^name".
Status ParseEndpoint(const string& text, const Graph& graph, Endpoint* endpoint);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_GRAPH_GRAPH_CONSTRUCTOR_H_
