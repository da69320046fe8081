#include "tensorflow/core/kernels/cwise_ops_common.h"

namespace tensorflow {

REGISTER3(BinaryOp, CPU, "Mul", functor::mul, float, double, int32);
#if defined(__ANDROID_TYPES_SLIM__)
REGISTER(BinaryOp, CPU, "Mul", functor::mul, int32);  // shapes are multiplied
#endif

}  // namespace tensorflow
