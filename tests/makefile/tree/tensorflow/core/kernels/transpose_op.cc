#include "tensorflow/core/kernels/ops_util.h"
#include "tensorflow/core/kernels/transpose_functor.h"
#include "tensorflow/core/framework/types.pb.h"

namespace tensorflow {

class TransposeCpuOp : public OpKernel {
 public:
  explicit TransposeCpuOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    std::vector<int64> perm;
    OP_REQUIRES_OK(context, IntegersOf(context->input(1), &perm));
    TensorShape shape;
    for (int64 d : perm) {
      OP_REQUIRES(context, d >= 0 && d < input.dims(),
                  errors::InvalidArgument("there is no dimension ", d));
      shape.AddDim(input.dim_size(static_cast<int>(d)));
    }
    OP_REQUIRES(context, shape.num_elements() == input.NumElements(),
                errors::InvalidArgument("a dimension is named twice"));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    OP_REQUIRES_OK(context, DoTranspose(input, perm, output));
  }
};

REGISTER_KERNEL_BUILDER(
    Name("Transpose").Device(DEVICE_CPU).TypeConstraint("T", {DT_FLOAT, DT_INT32}).HostMemory("perm"),
    TransposeCpuOp);

}  // namespace tensorflow
