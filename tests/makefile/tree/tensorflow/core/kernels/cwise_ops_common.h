// Ops of two tensors, element by element, and macros that register them for several types.
#ifndef TENSORFLOW_CORE_KERNELS_CWISE_OPS_COMMON_H_
#define TENSORFLOW_CORE_KERNELS_CWISE_OPS_COMMON_H_

#include "tensorflow/core/kernels/cwise_ops.h"
#include "tensorflow/core/kernels/ops_util.h"
#include "tensorflow/core/util/bcast.h"

namespace tensorflow {

// What is the same for all types.
class BinaryOpShared : public OpKernel {
 public:
  explicit BinaryOpShared(OpKernelConstruction* context) : OpKernel(context) {}

 protected:
  // nullptr, and the failure noted, if the shapes do not go together.
  static Tensor* AllocateOutput(OpKernelContext* context, const BCast& bcast);
};

template <typename Device, typename Functor>
class BinaryOp : public BinaryOpShared {
 public:
  using BinaryOpShared::BinaryOpShared;

  void Compute(OpKernelContext* context) override {
    typedef typename Functor::in_type T;
    const BCast bcast(context->input(0).shape(), context->input(1).shape());
    Tensor* output = AllocateOutput(context, bcast);
    if (output == nullptr) return;
    const auto x = context->input(0).flat<T>();
    const auto y = context->input(1).flat<T>();
    const auto out = output->flat<T>();
    for (int64 i = 0; i < out.size(); ++i) {
      out(i) = Functor::Of(x(bcast.XIndex(i)), y(bcast.YIndex(i)));
    }
  }
};

#define REGISTER(OP, D, N, F, T)                                             \
  REGISTER_KERNEL_BUILDER(Name(N).Device(DEVICE_##D).TypeConstraint<T>("T"), \
                          OP<D##Device, F<T>>);

// Slim: the first type only.
#ifdef __ANDROID_TYPES_SLIM__

#define REGISTER2(OP, D, N, F, T0, T1) REGISTER(OP, D, N, F, T0)
#define REGISTER3(OP, D, N, F, T0, T1, T2) REGISTER(OP, D, N, F, T0)
#define REGISTER4(OP, D, N, F, T0, T1, T2, T3) REGISTER(OP, D, N, F, T0)

#else

#define REGISTER2(OP, D, N, F, T0, T1) REGISTER(OP, D, N, F, T0) REGISTER(OP, D, N, F, T1)
#define REGISTER3(OP, D, N, F, T0, T1, T2) \
  REGISTER2(OP, D, N, F, T0, T1) REGISTER(OP, D, N, F, T2)
#define REGISTER4(OP, D, N, F, T0, T1, T2, T3) \
  REGISTER2(OP, D, N, F, T0, T1) REGISTER2(OP, D, N, F, T2, T3)

#endif

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_CWISE_OPS_COMMON_H_
