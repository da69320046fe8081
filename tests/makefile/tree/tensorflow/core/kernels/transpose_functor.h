#ifndef TENSORFLOW_CORE_KERNELS_TRANSPOSE_FUNCTOR_H_
#define TENSORFLOW_CORE_KERNELS_TRANSPOSE_FUNCTOR_H_

#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

// Defined in transpose_functor_cpu.cc, which does not have this header's stem.
Status DoTranspose(const Tensor& in, const std::vector<int64>& perm, Tensor* out);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_TRANSPOSE_FUNCTOR_H_
