// Kernels, what they get to work with, and the registry of them, which static constructors fill.
#ifndef TENSORFLOW_CORE_FRAMEWORK_OP_KERNEL_H_
#define TENSORFLOW_CORE_FRAMEWORK_OP_KERNEL_H_

#include <memory>
#include <vector>

#include "tensorflow/core/framework/kernel_def_builder.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tensorflow/core/framework/selective_registration.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

class CallFrameInterface;
class KernelDef;

namespace register_kernel {
class Name;
}  // namespace register_kernel

// Given to a kernel when it is made: the node that it is for.
class OpKernelConstruction {
 public:
  explicit OpKernelConstruction(const NodeDef* def) : def_(def) {}

  template <typename T>
  Status GetAttr(StringPiece name, T* value) const {
    return GetNodeAttr(*def_, name, value);
  }
  const NodeDef& def() const { return *def_; }
  void CtxFailure(const Status& status) { status_.Update(status); }
  const Status& status() const { return status_; }

 private:
  const NodeDef* def_;
  Status status_;
};

// Given to a kernel when it runs: inputs, and room for outputs.
class OpKernelContext {
 public:
  OpKernelContext(std::vector<Tensor> inputs, int num_outputs, CallFrameInterface* call_frame)
      : inputs_(std::move(inputs)), outputs_(num_outputs), call_frame_(call_frame) {}

  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  const Tensor& input(int index) const { return inputs_[index]; }
  Status allocate_output(int index, const TensorShape& shape, Tensor** output);
  void set_output_type(int index, DataType dtype) { types_.resize(index + 1), types_[index] = dtype; }
  void set_output(int index, const Tensor& tensor) { outputs_[index] = tensor; }
  const std::vector<Tensor>& outputs() const { return outputs_; }
  CallFrameInterface* call_frame() const { return call_frame_; }

  void CtxFailure(const Status& status) { status_.Update(status); }
  const Status& status() const { return status_; }

 private:
  std::vector<Tensor> inputs_, outputs_;
  std::vector<DataType> types_;
  CallFrameInterface* call_frame_;
  Status status_;
};

class OpKernel {
 public:
  explicit OpKernel(OpKernelConstruction* context);
  virtual ~OpKernel() {}
  virtual void Compute(OpKernelContext* context) = 0;
  const string& name() const { return name_; }

 private:
  string name_;
};

#define OP_REQUIRES(context, condition, status)  \
  if (TF_PREDICT_FALSE(!(condition))) {          \
    (context)->CtxFailure((status));             \
    return;                                      \
  }

#define OP_REQUIRES_OK(context, expression)               \
  do {                                                    \
    const ::tensorflow::Status required = (expression);   \
    if (TF_PREDICT_FALSE(!required.ok())) {               \
      (context)->CtxFailure(required);                    \
      return;                                             \
    }                                                     \
  } while (false)

// Makes the kernel that serves a node.
Status CreateOpKernel(const DeviceType& device_type, const NodeDef& def,
                      std::unique_ptr<OpKernel>* kernel);
// One line for each kernel of an op.
string KernelsRegisteredForOp(StringPiece op_name);
void* GlobalKernelRegistry();

namespace register_kernel {

// A kernel of an op that is not selected gets a name by which nobody asks.
class Name : public KernelDefBuilder {
 public:
  explicit Name(const char* op) : KernelDefBuilder(SHOULD_REGISTER_OP(op) ? op : "_no_register") {}
};

namespace system {

class Name : public KernelDefBuilder {
 public:
  explicit Name(const char* op) : KernelDefBuilder(op) {}
};

}  // namespace system
}  // namespace register_kernel

namespace kernel_factory {

class OpKernelRegistrar {
 public:
  typedef OpKernel* (*Factory)(OpKernelConstruction*);

  OpKernelRegistrar(const KernelDef* kernel_def, StringPiece kernel_class_name, Factory factory) {
    // Here, where the compiler sees it: what is not registered leaves nothing behind.
    if (kernel_def != nullptr) InitInternal(kernel_def, kernel_class_name, factory);
  }

 private:
  void InitInternal(const KernelDef* kernel_def, StringPiece kernel_class_name, Factory factory);
};

}  // namespace kernel_factory

#define REGISTER_KERNEL_BUILDER(kernel_builder, ...) \
  REGISTER_KERNEL_BUILDER_UNIQ_HELPER(__COUNTER__, kernel_builder, __VA_ARGS__)
#define REGISTER_KERNEL_BUILDER_UNIQ_HELPER(ctr, kernel_builder, ...) \
  REGISTER_KERNEL_BUILDER_UNIQ(ctr, kernel_builder, __VA_ARGS__)
#define REGISTER_KERNEL_BUILDER_UNIQ(ctr, kernel_builder, ...)                                   \
  constexpr bool kernel_##ctr##_is_wanted = SHOULD_REGISTER_OP_KERNEL(#__VA_ARGS__);        \
  static ::tensorflow::kernel_factory::OpKernelRegistrar kernel_##ctr##_registrar(       \
      kernel_##ctr##_is_wanted ? ::tensorflow::register_kernel::kernel_builder.Build()      \
                                    : nullptr,                                                   \
      #__VA_ARGS__,                                                                              \
      [](::tensorflow::OpKernelConstruction* context) -> ::tensorflow::OpKernel* {               \
        return new __VA_ARGS__(context);                                                         \
      });

// For kernels that are registered whatever is selected.
#define REGISTER_SYSTEM_KERNEL_BUILDER(kernel_builder, ...) \
  REGISTER_SYSTEM_KERNEL_BUILDER_UNIQ_HELPER(__COUNTER__, kernel_builder, __VA_ARGS__)
#define REGISTER_SYSTEM_KERNEL_BUILDER_UNIQ_HELPER(ctr, kernel_builder, ...) \
  REGISTER_SYSTEM_KERNEL_BUILDER_UNIQ(ctr, kernel_builder, __VA_ARGS__)
#define REGISTER_SYSTEM_KERNEL_BUILDER_UNIQ(ctr, kernel_builder, ...)                            \
  static ::tensorflow::kernel_factory::OpKernelRegistrar kernel_##ctr##_registrar(       \
      ::tensorflow::register_kernel::system::kernel_builder.Build(), #__VA_ARGS__,               \
      [](::tensorflow::OpKernelConstruction* context) -> ::tensorflow::OpKernel* {               \
        return new __VA_ARGS__(context);                                                         \
      });

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_OP_KERNEL_H_
