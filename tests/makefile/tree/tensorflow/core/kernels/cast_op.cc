#include "tensorflow/core/kernels/cast_op.h"

#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

class CpuCastOp : public OpKernel {
 public:
  explicit CpuCastOp(OpKernelConstruction* context) : OpKernel(context) {
    DataType from, to;
    OP_REQUIRES_OK(context, context->GetAttr("SrcT", &from));
    OP_REQUIRES_OK(context, context->GetAttr("DstT", &to));
    if (from == DataTypeToEnum<float>::v()) cast_ = GetCastFromFloat(to);
    if (from == DataTypeToEnum<int32>::v()) cast_ = GetCastFromInt32(to);
    if (from == DataTypeToEnum<int64>::v()) cast_ = GetCastFromInt64(to);
    OP_REQUIRES(context, cast_ != nullptr,
                errors::Unimplemented("no cast from ", DataTypeString(from), " to ",
                                      DataTypeString(to)));
  }

  void Compute(OpKernelContext* context) override {
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(), &output));
    cast_(context->input(0), output);
  }

 private:
  CastFunction cast_ = nullptr;
};

REGISTER_KERNEL_BUILDER(Name("Cast").Device(DEVICE_CPU), CpuCastOp);

}  // namespace tensorflow
