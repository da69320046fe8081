// A test, which is never part of a library.
#include "tensorflow/core/framework/op_kernel.h"
#include "external/nowhere/gtest.h"

namespace tensorflow {

REGISTER_KERNEL_BUILDER(Name("MatMul").Device(DEVICE_CPU), TestOfMatMul);

}  // namespace tensorflow
