#include "tensorflow/core/framework/node_def_util.h"

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/op_def.pb.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

void AddDefaultsToNodeDef(const OpDef& op_def, NodeDef* node_def) {
  for (const auto& attr : op_def.attr()) {
    if (attr.has_default_value() && node_def->attr().count(attr.name()) == 0) {
      (*node_def->mutable_attr())[attr.name()] = attr.default_value();
    }
  }
}

Status ValidateNodeDef(const NodeDef& node_def, const OpDef& op_def) {
  for (const auto& given : node_def.attr()) {
    bool known = given.first[0] == '_';
    for (const auto& attr : op_def.attr()) known = known || attr.name() == given.first;
    if (!known) {
      return errors::InvalidArgument("NodeDef mentions attr '", given.first, "' not in Op<name=",
                                     op_def.name(), ">; node: ", node_def.name());
    }
  }
  for (const auto& attr : op_def.attr()) {
    if (node_def.attr().count(attr.name()) == 0) {
      return errors::InvalidArgument("NodeDef missing attr '", attr.name(), "' from Op<name=",
                                     op_def.name(), ">; node: ", node_def.name());
    }
  }
  return Status::OK();
}

namespace {

Status Find(const NodeDef& node_def, StringPiece name, AttrValue::ValueCase kind,
            const AttrValue** value) {
  const auto found = node_def.attr().find(name.ToString());
  if (found == node_def.attr().end() || found->second.value_case() != kind) {
    return errors::NotFound("No attr named '", name, "' of that kind in node ", node_def.name());
  }
  *value = &found->second;
  return Status::OK();
}

}  // namespace

#define GET_NODE_ATTR(TYPE, CASE, FIELD)                                             \
  Status GetNodeAttr(const NodeDef& node_def, StringPiece name, TYPE* value) {       \
    const AttrValue* found = nullptr;                                                \
    TF_RETURN_IF_ERROR(Find(node_def, name, AttrValue::CASE, &found));               \
    *value = static_cast<TYPE>(found->FIELD());                                      \
    return Status::OK();                                                             \
  }

GET_NODE_ATTR(DataType, kType, type)
GET_NODE_ATTR(bool, kB, b)
GET_NODE_ATTR(int32, kI, i)
GET_NODE_ATTR(string, kS, s)

#undef GET_NODE_ATTR

Status GetNodeAttr(const NodeDef& node_def, StringPiece name, Tensor* value) {
  const AttrValue* found = nullptr;
  TF_RETURN_IF_ERROR(Find(node_def, name, AttrValue::kTensor, &found));
  if (value->FromProto(found->tensor())) return Status::OK();
  return errors::InvalidArgument("no sound tensor in node ", node_def.name());
}

}  // namespace tensorflow
