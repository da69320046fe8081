#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

class ReshapeOp : public OpKernel {
 public:
  explicit ReshapeOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    std::vector<int64> sizes;
    OP_REQUIRES_OK(context, IntegersOf(context->input(1), &sizes));
    TensorShape shape;
    int open = -1;
    int64 known = 1;
    for (size_t d = 0; d < sizes.size(); ++d) {
      if (sizes[d] < 0) open = static_cast<int>(d);
      shape.AddDim(sizes[d]);
      known *= sizes[d] < 0 ? 1 : sizes[d];
    }
    if (open >= 0 && known > 0) shape.set_dim(open, input.NumElements() / known);
    Tensor output;
    OP_REQUIRES(context, output.CopyFrom(input, shape),
                errors::InvalidArgument(input.NumElements(), " elements do not fill ",
                                        shape.DebugString()));
    context->set_output(0, output);
  }
};

REGISTER_KERNEL_BUILDER(Name("Reshape")
                            .Device(DEVICE_CPU)
                            .HostMemory("shape")
                            .TypeConstraint<int32>("Tshape"),
                        ReshapeOp);
REGISTER_KERNEL_BUILDER(Name("Reshape")
                            .Device(DEVICE_CPU)
                            .HostMemory("shape")
                            .TypeConstraint<int64>("Tshape"),
                        ReshapeOp);

}  // namespace tensorflow
