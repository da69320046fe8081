// In the list of the makefile, though no file of that list registers its op.
#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/relu_op.h"

namespace tensorflow {

template <typename T>
struct Inverted {
  static T Of(T x) { return ~x; }
};

#define REGISTER_INVERT(type)                                                            \
  REGISTER_KERNEL_BUILDER(Name("Invert").Device(DEVICE_CPU).TypeConstraint<type>("T"), \
                          ElementwiseOp<type, Inverted<type>>);

TF_CALL_INTEGRAL_TYPES(REGISTER_INVERT);

}  // namespace tensorflow
