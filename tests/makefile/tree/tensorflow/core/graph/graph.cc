#include "tensorflow/core/graph/graph.h"

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

Node::Node(const NodeDef& d, const OpDef* o) : def(new NodeDef(d)), op_def(o) {}

Node::~Node() {}

// Without the op NoOp there is no graph at all.
Graph::Graph(const OpRegistry* ops) : ops_(ops) {
  NodeDef source;
  source.set_name("_SOURCE");
  source.set_op("NoOp");
  int id = 0;
  TF_CHECK_OK(AddNode(source, &id));
}

Status Graph::AddNode(const NodeDef& def, int* id) {
  const OpDef* op_def = nullptr;
  TF_RETURN_IF_ERROR(ops_->LookUpOpDef(def.op(), &op_def));
  *id = num_nodes();
  if (!names_.emplace(def.name(), *id).second) {
    return errors::InvalidArgument("two nodes are called ", def.name());
  }
  nodes_.emplace_back(new Node(def, op_def));
  AddDefaultsToNodeDef(*op_def, nodes_.back()->def.get());
  return Status::OK();
}

int Graph::FindNode(const string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? -1 : found->second;
}

}  // namespace tensorflow
