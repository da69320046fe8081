#include "tensorflow/core/graph/graph_constructor.h"

#include <stdlib.h>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/lib/core/errors.h"
#include "tensorflow/core/public/version.h"

namespace tensorflow {

Status ParseEndpoint(const string& text, const Graph& graph, Endpoint* endpoint) {
  const bool control = text[0] == '^';
  const size_t colon = text.rfind(':');
  const string name = text.substr(control ? 1 : 0, colon);
  endpoint->node = graph.FindNode(name);
  endpoint->index = control ? -1 : colon == string::npos ? 0 : atoi(text.c_str() + colon + 1);
  if (endpoint->node < 0) return errors::InvalidArgument("there is no node ", text);
  return Status::OK();
}

Status ConvertGraphDefToGraph(const GraphDef& def, Graph* graph) {
  if (def.versions().min_consumer() > TF_GRAPH_DEF_VERSION) {
    return errors::InvalidArgument("GraphDef version ", TF_GRAPH_DEF_VERSION, " is this runtime's (",
                                   TF_VERSION_STRING, "), the graph's min_consumer is ",
                                   def.versions().min_consumer());
  }
  int id = 0;
  for (const NodeDef& node : def.node()) TF_RETURN_IF_ERROR(graph->AddNode(node, &id));
  for (id = 1; id < graph->num_nodes(); ++id) {
    Node* node = graph->node(id);
    for (const string& input : node->def->input()) {
      Endpoint endpoint;
      TF_RETURN_IF_ERROR(ParseEndpoint(input, *graph, &endpoint));
      node->inputs.push_back(endpoint);
    }
  }
  return Status::OK();
}

}  // namespace tensorflow
