#include "tensorflow/core/framework/register_types.h"
#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

namespace functor {

template <typename T>
struct SumReducer {
  static T Of(T sum, T x) { return sum + x; }
};

template <typename T>
struct MaxReducer {
  static T Of(T most, T x) { return x > most ? x : most; }
};

}  // namespace functor

// Joins rows of the same segment; the segments are sorted numbers.
template <typename Device, class T, class Index, typename Reducer>
class SegmentReductionOp : public OpKernel {
 public:
  explicit SegmentReductionOp(OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& data = context->input(0);
    const auto segments = context->input(1).flat<Index>();
    OP_REQUIRES(context, data.dims() > 0 && segments.size() == data.dim_size(0),
                errors::InvalidArgument("each row needs the number of its segment"));
    TensorShape shape = data.shape();
    shape.set_dim(0, segments.size() ? segments(segments.size() - 1) + 1 : 0);
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    const auto in = data.flat<T>();
    const auto out = output->flat<T>();
    const int64 width = segments.size() ? in.size() / segments.size() : 0;
    for (int64 row = 0; row < segments.size(); ++row) {
      const int64 to = segments(row);
      OP_REQUIRES(context, to >= 0 && to < shape.dim_size(0),
                  errors::InvalidArgument("the segments are not sorted"));
      const bool first = row == 0 || segments(row - 1) != segments(row);
      for (int64 i = 0; i < width; ++i) {
        T& place = out(to * width + i);
        place = first ? in(row * width + i) : Reducer::Of(place, in(row * width + i));
      }
    }
  }
};

#define REGISTER_CPU_KERNEL(name, functor, type, index_type)                       \
  REGISTER_KERNEL_BUILDER(Name(name)                                               \
                              .Device(DEVICE_CPU)                                  \
                              .TypeConstraint<type>("T")                           \
                              .TypeConstraint<index_type>("Tindices"),             \
                          SegmentReductionOp<CPUDevice, type, index_type, functor>)

#define REGISTER_KERNELS(type, index_type)                                                    \
  REGISTER_CPU_KERNEL("SegmentSum", functor::SumReducer<type>, type, index_type);             \
  REGISTER_CPU_KERNEL("SegmentMax", functor::MaxReducer<type>, type, index_type);

#define REGISTER_ALL(type) \
  REGISTER_KERNELS(type, int32); \
  REGISTER_KERNELS(type, int64);

TF_CALL_REAL_NUMBER_TYPES(REGISTER_ALL);

#undef REGISTER_ALL
#undef REGISTER_KERNELS
#undef REGISTER_CPU_KERNEL

}  // namespace tensorflow
