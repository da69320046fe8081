#include "tensorflow/core/framework/op_kernel.h"

#include <unordered_map>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/kernel_def.pb.h"
#include "tensorflow/core/framework/types.pb_text.h"

namespace tensorflow {

KernelDefBuilder::KernelDefBuilder(const char* op_name) : kernel_def_(new KernelDef) {
  kernel_def_->set_op(op_name);
}

KernelDefBuilder::~KernelDefBuilder() { delete kernel_def_; }

KernelDefBuilder& KernelDefBuilder::Device(const char* device_type) {
  kernel_def_->set_device_type(device_type);
  return *this;
}

KernelDefBuilder& KernelDefBuilder::TypeConstraint(const char* attr_name,
                                                   const DataTypeVector& allowed) {
  auto* constraint = kernel_def_->add_constraint();
  constraint->set_name(attr_name);
  for (DataType type : allowed) constraint->mutable_allowed_values()->mutable_list()->add_type(type);
  return *this;
}

KernelDefBuilder& KernelDefBuilder::TypeConstraint(const char* attr_name, DataType allowed) {
  return TypeConstraint(attr_name, DataTypeVector{allowed});
}

KernelDefBuilder& KernelDefBuilder::HostMemory(const char* arg_name) {
  kernel_def_->add_host_memory_arg(arg_name);
  return *this;
}

KernelDefBuilder& KernelDefBuilder::Label(const char* label) {
  kernel_def_->set_label(label);
  return *this;
}

const KernelDef* KernelDefBuilder::Build() {
  const KernelDef* built = kernel_def_;
  kernel_def_ = nullptr;
  return built;
}

namespace {

struct KernelRegistration {
  KernelRegistration(const KernelDef& d, StringPiece c,
                     kernel_factory::OpKernelRegistrar::Factory f)
      : def(d), kernel_class_name(c.ToString()), factory(f) {}
  const KernelDef def;
  const string kernel_class_name;
  const kernel_factory::OpKernelRegistrar::Factory factory;
};

typedef std::unordered_multimap<string, KernelRegistration> KernelRegistry;

KernelRegistry* Registry() { return static_cast<KernelRegistry*>(GlobalKernelRegistry()); }

string Key(const string& op, const string& device_type, const string& label) {
  return strings::StrCat(op, ":", device_type, ":", label);
}

bool Allows(const AttrValue& allowed, const AttrValue& value) {
  for (int type : allowed.list().type()) {
    if (type == value.type()) return true;
  }
  return false;
}

bool Serves(const KernelDef& kernel, const NodeDef& node) {
  for (const auto& constraint : kernel.constraint()) {
    const auto found = node.attr().find(constraint.name());
    if (found == node.attr().end() || !Allows(constraint.allowed_values(), found->second)) {
      return false;
    }
  }
  return true;
}

// For people: types and lists of types by name.
string SummarizeAttrValue(const AttrValue& value) {
  switch (value.value_case()) {
    case AttrValue::kType:
      return EnumName_DataType(value.type());
    case AttrValue::kList: {
      string text;
      for (int type : value.list().type()) {
        strings::StrAppend(&text, text.empty() ? "[" : ", ",
                           EnumName_DataType(static_cast<DataType>(type)));
      }
      return text.empty() ? "[]" : text + "]";
    }
    case AttrValue::kS:
      return strings::StrCat("\"", value.s(), "\"");
    case AttrValue::kI:
      return strings::StrCat(static_cast<int64>(value.i()));
    case AttrValue::kB:
      return value.b() ? "true" : "false";
    default:
      return "<value>";
  }
}

string LabelOf(const NodeDef& node) {
  const auto found = node.attr().find("_kernel");
  return found == node.attr().end() ? "" : found->second.s();
}

}  // namespace

OpKernel::OpKernel(OpKernelConstruction* context) : name_(context->def().name()) {}

Status OpKernelContext::allocate_output(int index, const TensorShape& shape, Tensor** output) {
  outputs_[index] = Tensor(types_[index], shape);
  *output = &outputs_[index];
  return Status::OK();
}

Status CreateOpKernel(const DeviceType& device_type, const NodeDef& def,
                      std::unique_ptr<OpKernel>* kernel) {
  const auto range = Registry()->equal_range(Key(def.op(), device_type.type(), LabelOf(def)));
  const KernelRegistration* found = nullptr;
  for (auto entry = range.first; entry != range.second; ++entry) {
    if (!Serves(entry->second.def, def)) continue;
    if (found != nullptr) {
      return errors::InvalidArgument("Multiple OpKernel registrations match NodeDef '", def.name(),
                                     "' of op ", def.op(), ": '", found->kernel_class_name,
                                     "' and '", entry->second.kernel_class_name, "'");
    }
    found = &entry->second;
  }
  if (found == nullptr) {
    return errors::NotFound("No OpKernel was registered to support Op '", def.op(),
                            "' as in node ", def.name(), ". There are:\n",
                            KernelsRegisteredForOp(def.op()));
  }
  OpKernelConstruction construction(&def);
  kernel->reset(found->factory(&construction));
  return construction.status();
}

string KernelsRegisteredForOp(StringPiece op_name) {
  string text;
  for (const auto& entry : *Registry()) {
    const KernelDef& kernel = entry.second.def;
    if (op_name != kernel.op()) continue;
    strings::StrAppend(&text, "  device='", kernel.device_type(), "'");
    if (!kernel.label().empty()) strings::StrAppend(&text, "; label='", kernel.label(), "'");
    for (const auto& constraint : kernel.constraint()) {
      strings::StrAppend(&text, "; ", constraint.name(), " in ",
                         SummarizeAttrValue(constraint.allowed_values()));
    }
    text += "\n";
  }
  return text.empty() ? "  <no registered kernels>\n" : text;
}

void* GlobalKernelRegistry() {
  static KernelRegistry* registry = new KernelRegistry;
  return registry;
}

namespace kernel_factory {

void OpKernelRegistrar::InitInternal(const KernelDef* kernel_def, StringPiece kernel_class_name,
                                     Factory factory) {
  if (kernel_def->op() != "_no_register") {
    const string key = Key(kernel_def->op(), kernel_def->device_type(), kernel_def->label());
    Registry()->emplace(key, KernelRegistration(*kernel_def, kernel_class_name, factory));
  }
  delete kernel_def;
}

}  // namespace kernel_factory
}  // namespace tensorflow
