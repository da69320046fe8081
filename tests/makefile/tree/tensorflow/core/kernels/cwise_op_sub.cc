#include "tensorflow/core/kernels/cwise_ops_common.h"

namespace tensorflow {

REGISTER4(BinaryOp, CPU, "Sub", functor::sub, float, double, int32, int64);

}  // namespace tensorflow
