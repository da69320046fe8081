#ifndef TENSORFLOW_CORE_KERNELS_OPS_UTIL_H_
#define TENSORFLOW_CORE_KERNELS_OPS_UTIL_H_

#include <vector>

#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

typedef struct CPUDeviceTag CPUDevice;

// The elements of a tensor of int32 or int64 as numbers.
Status IntegersOf(const Tensor& tensor, std::vector<int64>* numbers);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_OPS_UTIL_H_
