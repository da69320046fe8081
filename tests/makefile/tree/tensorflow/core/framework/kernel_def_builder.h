#ifndef TENSORFLOW_CORE_FRAMEWORK_KERNEL_DEF_BUILDER_H_
#define TENSORFLOW_CORE_FRAMEWORK_KERNEL_DEF_BUILDER_H_

#include "tensorflow/core/framework/types.h"

namespace tensorflow {

class KernelDef;

// Says which nodes a kernel serves.
class KernelDefBuilder {
 public:
  explicit KernelDefBuilder(const char* op_name);
  ~KernelDefBuilder();

  KernelDefBuilder& Device(const char* device_type);
  KernelDefBuilder& TypeConstraint(const char* attr_name, const DataTypeVector& allowed);
  KernelDefBuilder& TypeConstraint(const char* attr_name, DataType allowed);
  template <typename T>
  KernelDefBuilder& TypeConstraint(const char* attr_name) {
    return TypeConstraint(attr_name, DataTypeToEnum<T>::v());
  }
  KernelDefBuilder& HostMemory(const char* arg_name);
  KernelDefBuilder& Label(const char* label);

  // Gives what has been said away; the caller deletes it.
  const KernelDef* Build();

 private:
  KernelDef* kernel_def_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_KERNEL_DEF_BUILDER_H_
