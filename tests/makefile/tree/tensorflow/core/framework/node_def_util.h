#ifndef TENSORFLOW_CORE_FRAMEWORK_NODE_DEF_UTIL_H_
#define TENSORFLOW_CORE_FRAMEWORK_NODE_DEF_UTIL_H_

#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class NodeDef;
class OpDef;
class Tensor;

// Attributes that the node does not set get the defaults of its op.
void AddDefaultsToNodeDef(const OpDef& op_def, NodeDef* node_def);
// Each attribute of the node is one of its op, and none is missing.
Status ValidateNodeDef(const NodeDef& node_def, const OpDef& op_def);

Status GetNodeAttr(const NodeDef& node_def, StringPiece name, DataType* value);
Status GetNodeAttr(const NodeDef& node_def, StringPiece name, bool* value);
Status GetNodeAttr(const NodeDef& node_def, StringPiece name, int32* value);
Status GetNodeAttr(const NodeDef& node_def, StringPiece name, string* value);
Status GetNodeAttr(const NodeDef& node_def, StringPiece name, Tensor* value);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_NODE_DEF_UTIL_H_
