#include "tensorflow/core/kernels/transpose_functor.h"

namespace tensorflow {

namespace {

template <typename T>
void Transpose(const Tensor& in, const std::vector<int64>& perm, Tensor* out) {
  const int dims = in.dims();
  std::vector<int64> steps(dims, 1);
  for (int d = dims - 2; d >= 0; --d) steps[d] = steps[d + 1] * in.dim_size(d + 1);
  const auto from = in.flat<T>();
  const auto to = out->flat<T>();
  for (int64 i = 0; i < to.size(); ++i) {
    int64 rest = i, index = 0;
    for (int d = dims - 1; d >= 0; --d) {
      index += rest % out->dim_size(d) * steps[perm[d]];
      rest /= out->dim_size(d);
    }
    to(i) = from(index);
  }
}

}  // namespace

Status DoTranspose(const Tensor& in, const std::vector<int64>& perm, Tensor* out) {
  if (in.dtype() == DataTypeToEnum<float>::v()) {
    Transpose<float>(in, perm, out);
  } else if (in.dtype() == DataTypeToEnum<int32>::v()) {
    Transpose<int32>(in, perm, out);
  } else {
    return errors::Unimplemented("cannot transpose ", DataTypeString(in.dtype()));
  }
  return Status::OK();
}

}  // namespace tensorflow
