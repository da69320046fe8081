#include "tensorflow/core/framework/function.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace tensorflow {

static const char* const kArgOp = "_Arg";
static const char* const kRetOp = "_Retval";

class ArgOp : public OpKernel {
 public:
  explicit ArgOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("index", &index_));
  }

  void Compute(OpKernelContext* context) override {
    Tensor value;
    OP_REQUIRES_OK(context, context->call_frame()->GetArg(index_, &value));
    context->set_output(0, value);
  }

 private:
  int32 index_ = 0;
};

class RetvalOp : public OpKernel {
 public:
  explicit RetvalOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("index", &index_));
  }

  void Compute(OpKernelContext* context) override {
    OP_REQUIRES_OK(context, context->call_frame()->SetRetval(index_, context->input(0)));
  }

 private:
  int32 index_ = 0;
};

REGISTER_SYSTEM_KERNEL_BUILDER(Name(kArgOp).Device(DEVICE_CPU), ArgOp);
REGISTER_SYSTEM_KERNEL_BUILDER(Name(kRetOp).Device(DEVICE_CPU), RetvalOp);

}  // namespace tensorflow
