#ifndef TENSORFLOW_CORE_KERNELS_CAST_OP_H_
#define TENSORFLOW_CORE_KERNELS_CAST_OP_H_

#include "tensorflow/core/framework/tensor.h"

namespace tensorflow {

typedef void (*CastFunction)(const Tensor& from, Tensor* to);

template <typename From, typename To>
void CastElements(const Tensor& from, Tensor* to) {
  const auto in = from.flat<From>();
  const auto out = to->flat<To>();
  for (int64 i = 0; i < in.size(); ++i) out(i) = static_cast<To>(in(i));
}

#define CAST_CASE(FROM, TO) \
  if (to == DataTypeToEnum<TO>::v()) return CastElements<FROM, TO>;
#define CAST_CASES(FROM)     \
  CAST_CASE(FROM, float)     \
  CAST_CASE(FROM, double)    \
  CAST_CASE(FROM, int32)     \
  CAST_CASE(FROM, int64)     \
  CAST_CASE(FROM, bool)

// Each in a file of its own: nothing but a symbol leads there. nullptr if there is no such cast.
CastFunction GetCastFromFloat(DataType to);
CastFunction GetCastFromInt32(DataType to);
CastFunction GetCastFromInt64(DataType to);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_CAST_OP_H_
