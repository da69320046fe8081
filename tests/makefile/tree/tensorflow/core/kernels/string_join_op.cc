#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

class StringJoinOp : public OpKernel {
 public:
  explicit StringJoinOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("separator", &separator_));
  }

  void Compute(OpKernelContext* context) override {
    const TensorShape& shape = context->input(0).shape();
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    const auto out = output->flat<string>();
    for (int n = 0; n < context->num_inputs(); ++n) {
      OP_REQUIRES(context, context->input(n).shape() == shape,
                  errors::InvalidArgument("the shapes differ"));
      const auto in = context->input(n).flat<string>();
      for (int64 i = 0; i < in.size(); ++i) out(i) += (n ? separator_ : "") + in(i);
    }
  }

 private:
  string separator_;
};

REGISTER_KERNEL_BUILDER(Name("StringJoin").Device(DEVICE_CPU), StringJoinOp);

}  // namespace tensorflow
