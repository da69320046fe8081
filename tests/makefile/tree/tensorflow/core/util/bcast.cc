#include "tensorflow/core/util/bcast.h"

#include <algorithm>

namespace tensorflow {

namespace {

// The size of dimension `d` of `dims` ones, 1 where the shape has fewer.
int64 Size(const TensorShape& shape, int d, int dims) {
  const int own = d - (dims - shape.dims());
  return own < 0 ? 1 : shape.dim_size(own);
}

std::vector<int64> Steps(const TensorShape& shape, int dims) {
  std::vector<int64> steps(dims);
  int64 step = 1;
  for (int d = dims - 1; d >= 0; --d) {
    const int64 size = Size(shape, d, dims);
    steps[d] = size == 1 ? 0 : step;
    step *= size;
  }
  return steps;
}

}  // namespace

BCast::BCast(const TensorShape& x, const TensorShape& y) {
  const int dims = std::max(x.dims(), y.dims());
  for (int d = 0; d < dims; ++d) {
    const int64 a = Size(x, d, dims), b = Size(y, d, dims);
    valid_ = valid_ && (a == b || a == 1 || b == 1);
    output_.AddDim(a == 1 ? b : a);
  }
  x_steps_ = Steps(x, dims);
  y_steps_ = Steps(y, dims);
}

int64 BCast::Index(int64 i, const std::vector<int64>& steps) const {
  int64 index = 0;
  for (int d = output_.dims() - 1; d >= 0; --d) {
    index += i % output_.dim_size(d) * steps[d];
    i /= output_.dim_size(d);
  }
  return index;
}

}  // namespace tensorflow
