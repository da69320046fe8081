#ifndef TENSORFLOW_CORE_GRAPH_GRAPH_H_
#define TENSORFLOW_CORE_GRAPH_GRAPH_H_

#include <map>
#include <memory>
#include <vector>

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class NodeDef;
class OpDef;
class OpRegistry;

// An output of a node: `index` is -1 for a control edge.
struct Endpoint {
  int node;
  int index;
};

struct Node {
  Node(const NodeDef& def, const OpDef* op_def);
  ~Node();

  const std::unique_ptr<NodeDef> def;
  const OpDef* const op_def;
  std::vector<Endpoint> inputs;
};

// Nodes by number. Number 0 stands before all others and does nothing.
class Graph {
 public:
  explicit Graph(const OpRegistry* ops);

  // Adds a node, its attributes completed; its number goes to `id`.
  Status AddNode(const NodeDef& def, int* id);
  int FindNode(const string& name) const;  // -1 if there is none
  int num_nodes() const { return static_cast<int>(nodes_.size()); }
  Node* node(int id) { return nodes_[id].get(); }
  const Node& node(int id) const { return *nodes_[id]; }
  const OpRegistry* ops() const { return ops_; }

 private:
  const OpRegistry* ops_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<string, int> names_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_GRAPH_GRAPH_H_
