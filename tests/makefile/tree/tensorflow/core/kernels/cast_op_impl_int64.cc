#include "tensorflow/core/kernels/cast_op.h"

namespace tensorflow {

CastFunction GetCastFromInt64(DataType to) {
  CAST_CASES(int64);
  return nullptr;
}

}  // namespace tensorflow
