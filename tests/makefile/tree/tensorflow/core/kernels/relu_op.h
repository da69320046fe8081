#ifndef TENSORFLOW_CORE_KERNELS_RELU_OP_H_
#define TENSORFLOW_CORE_KERNELS_RELU_OP_H_

#include <math.h>

#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

// Replaces each element x by what Function makes of it.
template <typename T, typename Function>
class ElementwiseOp : public OpKernel {
 public:
  explicit ElementwiseOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, input.shape(), &output));
    const auto in = input.flat<T>();
    const auto out = output->flat<T>();
    for (int64 i = 0; i < in.size(); ++i) out(i) = Function::Of(in(i));
  }
};

template <typename T>
struct AtLeastZero {
  static T Of(T x) { return x < T(0) ? T(0) : x; }
};

template <typename T>
struct ZeroToSix {
  static T Of(T x) { return x < T(0) ? T(0) : x > T(6) ? T(6) : x; }
};

template <typename T>
struct SmoothBelowZero {
  static T Of(T x) { return x < T(0) ? expm1(x) : x; }
};

template <typename T>
struct ScaledSmoothBelowZero {
  static T Of(T x) { return T(1.0507) * (x < T(0) ? T(1.67326) * expm1(x) : x); }
};

template <typename T>
struct BetweenMinusOneAndOne {
  static T Of(T x) { return x / (T(1) + fabs(x)); }
};

template <typename Device, typename T>
class ReluOp : public ElementwiseOp<T, AtLeastZero<T>> {
 public:
  using ElementwiseOp<T, AtLeastZero<T>>::ElementwiseOp;
};

template <typename Device, typename T>
class Relu6Op : public ElementwiseOp<T, ZeroToSix<T>> {
 public:
  using ElementwiseOp<T, ZeroToSix<T>>::ElementwiseOp;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_RELU_OP_H_
