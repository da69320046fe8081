#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("MatMul")
    .Input("a: T")
    .Input("b: T")
    .Output("product: T")
    .Attr("transpose_a: bool = false")
    .Attr("transpose_b: bool = false")
    .Attr("T: {float, double, int32}")
    .SetShapeFn(shape_inference::UnknownShape)
    .Doc("The product of two matrices.");

#define BINARY() \
  Input("x: T").Input("y: T").Output("z: T").SetShapeFn(shape_inference::UnknownShape)

REGISTER_OP("Add").BINARY().Attr("T: {float, double, uint8, int8, int16, int32, int64, string}");
REGISTER_OP("Sub").BINARY().Attr("T: {float, double, int32, int64}");
REGISTER_OP("Mul").BINARY().Attr("T: {float, double, int32, int64}");

#undef BINARY

REGISTER_OP("Cast").Input("x: SrcT").Output("y: DstT").Attr("SrcT: type").Attr("DstT: type");

#define SEGMENT()                  \
  Input("data: T")                 \
      .Input("segment_ids: Tindices") \
      .Output("output: T")         \
      .Attr("T: realnumbertype")   \
      .Attr("Tindices: {int32, int64}")

REGISTER_OP("SegmentSum").SEGMENT();
REGISTER_OP("SegmentMax").SEGMENT();

#undef SEGMENT

}  // namespace tensorflow
