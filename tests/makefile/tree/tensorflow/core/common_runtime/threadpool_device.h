#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_THREADPOOL_DEVICE_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_THREADPOOL_DEVICE_H_

#include "tensorflow/core/common_runtime/device.h"

namespace tensorflow {

// The processor; one thread of it.
class ThreadPoolDevice : public Device {
 public:
  ThreadPoolDevice();
  void Compute(OpKernel* kernel, OpKernelContext* context) override;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_THREADPOOL_DEVICE_H_
