#include "external/nowhere/decoy.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

REGISTER_KERNEL_BUILDER(Name("Decoy").Device(DEVICE_CPU), DecoyOp);

}  // namespace tensorflow
