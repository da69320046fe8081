#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

template <typename Device, typename T>
class BiasOp : public OpKernel {
 public:
  explicit BiasOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& value = context->input(0);
    const Tensor& bias = context->input(1);
    OP_REQUIRES(context, bias.dims() == 1 && value.dims() >= 2 &&
                             value.dim_size(value.dims() - 1) == bias.dim_size(0),
                errors::InvalidArgument("a bias of shape ", bias.shape().DebugString(),
                                        " does not go with ", value.shape().DebugString()));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, value.shape(), &output));
    const auto in = value.flat<T>();
    const auto add = bias.flat<T>();
    const auto out = output->flat<T>();
    for (int64 i = 0; i < in.size(); ++i) out(i) = in(i) + add(i % add.size());
  }
};

class BiasGradOp : public OpKernel {
 public:
  explicit BiasGradOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& rows = context->input(0);
    OP_REQUIRES(context, rows.dims() >= 2, errors::InvalidArgument("a matrix is wanted"));
    const int64 columns = rows.dim_size(rows.dims() - 1);
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({columns}), &output));
    const auto in = rows.flat<float>();
    for (int64 i = 0; i < in.size(); ++i) output->flat<float>()(i % columns) += in(i);
  }
};

REGISTER_KERNEL_BUILDER(Name("BiasAddGrad").Device(DEVICE_CPU).TypeConstraint<float>("T"),
                        BiasGradOp);

#define REGISTER_KERNEL(type)                                                              \
  REGISTER_KERNEL_BUILDER(Name("BiasAdd").Device(DEVICE_CPU).TypeConstraint<type>("T"), \
                          BiasOp<CPUDevice, type>);                                     \
  REGISTER_KERNEL_BUILDER(Name("BiasAddV1").Device(DEVICE_CPU).TypeConstraint<type>("T"), \
                          BiasOp<CPUDevice, type>);

TF_CALL_NUMBER_TYPES(REGISTER_KERNEL);
#undef REGISTER_KERNEL

}  // namespace tensorflow
