#include "tensorflow/core/kernels/cwise_ops_common.h"

namespace tensorflow {

// Slim: nothing of this file.
#if !defined(__ANDROID_TYPES_SLIM__)

REGISTER3(BinaryOp, CPU, "Add", functor::add, int8, int16, uint8);

#endif

}  // namespace tensorflow
