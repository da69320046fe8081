#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

template <typename Device, typename T, bool USE_CUBLAS>
class MatMulOp : public OpKernel {
 public:
  explicit MatMulOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("transpose_a", &transpose_a_));
    OP_REQUIRES_OK(context, context->GetAttr("transpose_b", &transpose_b_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& a = context->input(0);
    const Tensor& b = context->input(1);
    OP_REQUIRES(context, a.dims() == 2 && b.dims() == 2,
                errors::InvalidArgument("MatMul takes matrices, not ", a.shape().DebugString(),
                                        " and ", b.shape().DebugString()));
    const int64 rows = a.dim_size(transpose_a_ ? 1 : 0), inner = a.dim_size(transpose_a_ ? 0 : 1);
    const int64 columns = b.dim_size(transpose_b_ ? 0 : 1);
    OP_REQUIRES(context, inner == b.dim_size(transpose_b_ ? 1 : 0),
                errors::InvalidArgument("no product of ", a.shape().DebugString(),
                                        " and ", b.shape().DebugString()));
    Tensor* product = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({rows, columns}), &product));
    const auto x = a.flat<T>();
    const auto y = b.flat<T>();
    const auto out = product->flat<T>();
    for (int64 i = 0; i < rows; ++i) {
      for (int64 j = 0; j < columns; ++j) {
        T sum = T();
        for (int64 k = 0; k < inner; ++k) {
          sum += x(transpose_a_ ? k * rows + i : i * inner + k) *
                 y(transpose_b_ ? j * inner + k : k * columns + j);
        }
        out(i * columns + j) = sum;
      }
    }
  }

 private:
  bool transpose_a_ = false, transpose_b_ = false;
};

#define REGISTER_CPU(T)                                                              \
  REGISTER_KERNEL_BUILDER(Name("MatMul").Device(DEVICE_CPU).TypeConstraint<T>("T"), \
                          MatMulOp<CPUDevice, T, false /* of no use here */>);

TF_CALL_float(REGISTER_CPU);
TF_CALL_double(REGISTER_CPU);
TF_CALL_int32(REGISTER_CPU);

}  // namespace tensorflow
