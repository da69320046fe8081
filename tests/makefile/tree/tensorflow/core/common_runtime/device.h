#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_H_

#include "tensorflow/core/framework/types.h"

namespace tensorflow {

class OpKernel;
class OpKernelContext;

class Device {
 public:
  explicit Device(StringPiece type) : type_(type) {}
  virtual ~Device() {}
  virtual void Compute(OpKernel* kernel, OpKernelContext* context) = 0;
  const DeviceType& device_type() const { return type_; }

 private:
  DeviceType type_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_DEVICE_H_
