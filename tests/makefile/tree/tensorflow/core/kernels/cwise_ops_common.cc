#include "tensorflow/core/kernels/cwise_ops_common.h"

namespace tensorflow {

Tensor* BinaryOpShared::AllocateOutput(OpKernelContext* context, const BCast& bcast) {
  Tensor* output = nullptr;
  if (!bcast.IsValid()) {
    context->CtxFailure(errors::InvalidArgument(
        "no common shape of ", context->input(0).shape().DebugString(), " and ",
        context->input(1).shape().DebugString()));
  } else {
    context->CtxFailure(context->allocate_output(0, bcast.output_shape(), &output));
  }
  return output;
}

}  // namespace tensorflow
