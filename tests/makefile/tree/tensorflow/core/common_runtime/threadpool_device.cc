#include "tensorflow/core/common_runtime/threadpool_device.h"

#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

ThreadPoolDevice::ThreadPoolDevice() : Device(DEVICE_CPU) {}

void ThreadPoolDevice::Compute(OpKernel* kernel, OpKernelContext* context) {
  kernel->Compute(context);
}

}  // namespace tensorflow
