#include "tensorflow/core/graph/subgraph.h"

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tensorflow/core/framework/op_def.pb.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {
namespace subgraph {

namespace {

Status AddCallNode(const char* op, int index, DataType type, Graph* graph, int* id) {
  NodeDef def;
  def.set_name(strings::StrCat(op, "_", index));
  def.set_op(op);
  (*def.mutable_attr())["T"].set_type(type);
  (*def.mutable_attr())["index"].set_i(index);
  return graph->AddNode(def, id);
}

void Redirect(const Endpoint& from, int to, Graph* graph) {
  for (int id = 0; id < graph->num_nodes(); ++id) {
    for (Endpoint& input : graph->node(id)->inputs) {
      if (input.node == from.node && input.index == from.index) input = {to, 0};
    }
  }
}

}  // namespace

Status OutputTypes(const Node& node, std::vector<DataType>* types) {
  for (const auto& output : node.op_def->output_arg()) {
    DataType type = output.type();
    if (!output.type_attr().empty()) {
      TF_RETURN_IF_ERROR(GetNodeAttr(*node.def, output.type_attr(), &type));
    }
    types->push_back(type);
  }
  return Status::OK();
}

Status OutputType(const Graph& graph, const Endpoint& endpoint, DataType* type) {
  const Node& node = graph.node(endpoint.node);
  std::vector<DataType> types;
  TF_RETURN_IF_ERROR(OutputTypes(node, &types));
  if (endpoint.index < 0 || endpoint.index >= static_cast<int>(types.size())) {
    return errors::InvalidArgument("Node '", node.def->name(), "' has no output ", endpoint.index);
  }
  *type = types[endpoint.index];
  return Status::OK();
}

Status RewriteGraphForExecution(const std::vector<Endpoint>& feeds,
                                const std::vector<DataType>& feed_types,
                                const std::vector<Endpoint>& fetches, Graph* graph,
                                std::vector<int>* retvals) {
  int id = 0;
  for (size_t i = 0; i < fetches.size(); ++i) {
    DataType type;
    TF_RETURN_IF_ERROR(OutputType(*graph, fetches[i], &type));
    TF_RETURN_IF_ERROR(AddCallNode("_Retval", static_cast<int>(i), type, graph, &id));
    graph->node(id)->inputs.push_back(fetches[i]);
    retvals->push_back(id);
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    TF_RETURN_IF_ERROR(AddCallNode("_Arg", static_cast<int>(i), feed_types[i], graph, &id));
    Redirect(feeds[i], id, graph);
  }
  return Status::OK();
}

}  // namespace subgraph
}  // namespace tensorflow
