#include <math.h>

#include <algorithm>

#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

template <typename Device, typename T>
class SoftmaxOp : public OpKernel {
 public:
  explicit SoftmaxOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& logits = context->input(0);
    OP_REQUIRES(context, logits.dims() >= 1, errors::InvalidArgument("a single number has no classes"));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, logits.shape(), &output));
    const int64 classes = logits.dim_size(logits.dims() - 1);
    const T* in = logits.flat<T>().data();
    T* out = output->flat<T>().data();
    for (int64 row = 0; row < logits.NumElements(); row += classes, in += classes, out += classes) {
      const T largest = *std::max_element(in, in + classes);
      T sum = T(0);
      for (int64 i = 0; i < classes; ++i) sum += out[i] = exp(in[i] - largest);
      for (int64 i = 0; i < classes; ++i) out[i] /= sum;
    }
  }
};

class LogSoftmaxOp : public SoftmaxOp<CPUDevice, float> {
 public:
  using SoftmaxOp<CPUDevice, float>::SoftmaxOp;

  void Compute(OpKernelContext* context) override {
    SoftmaxOp<CPUDevice, float>::Compute(context);
    if (!context->status().ok()) return;
    Tensor output = context->outputs()[0];
    const auto out = output.flat<float>();
    for (int64 i = 0; i < out.size(); ++i) out(i) = log(out(i));
  }
};

REGISTER_KERNEL_BUILDER(Name("LogSoftmax").Device(DEVICE_CPU).TypeConstraint<float>("T"),
                        LogSoftmaxOp);

#define REGISTER_CPU(T)                                                               \
  REGISTER_KERNEL_BUILDER(Name("Softmax").Device(DEVICE_CPU).TypeConstraint<T>("T"), \
                          SoftmaxOp<CPUDevice, T>);
TF_CALL_float(REGISTER_CPU);
TF_CALL_double(REGISTER_CPU);
#undef REGISTER_CPU

}  // namespace tensorflow
