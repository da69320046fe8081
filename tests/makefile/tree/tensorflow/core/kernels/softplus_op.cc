// Not in the list of the makefile, and neither is what it needs.
#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/relu_op.h"
#include "tensorflow/core/kernels/softplus_functor.h"

namespace tensorflow {

template <typename T>
struct SoftplusOf {
  static T Of(T x) { return static_cast<T>(Softplus(x)); }
};

template <typename Device, typename T>
class SoftplusOp : public ElementwiseOp<T, SoftplusOf<T>> {
 public:
  using ElementwiseOp<T, SoftplusOf<T>>::ElementwiseOp;
};

#define REGISTER_SOFTPLUS_KERNELS(type)                                                   \
  REGISTER_KERNEL_BUILDER(Name("Softplus").Device(DEVICE_CPU).TypeConstraint<type>("T"), \
                          SoftplusOp<CPUDevice, type>);

TF_CALL_float(REGISTER_SOFTPLUS_KERNELS);
TF_CALL_double(REGISTER_SOFTPLUS_KERNELS);

}  // namespace tensorflow
