#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("Const").Output("output: dtype").Attr("value: tensor").Attr("dtype: type");

REGISTER_OP("Placeholder")
    .Output("output: dtype")
    .Attr("dtype: type")
    .Attr("shape: shape = { unknown_rank: true }");

REGISTER_OP("PlaceholderV2").Output("output: dtype").Attr("dtype: type").Attr("shape: shape");
REGISTER_OP("HostConst").Output("output: dtype").Attr("value: tensor").Attr("dtype: type");
REGISTER_OP("OnesLike").Input("x: T").Output("y: T").Attr("T: {float, double}");
REGISTER_OP("ZerosLike").Input("x: T").Output("y: T").Attr("T: type");
REGISTER_OP("Identity")
    .Input("input: T")
    .Output("output: T")
    .Attr("T: type")
    .SetShapeFn(shape_inference::UnchangedShape);
REGISTER_OP("StopGradient").Input("input: T").Output("output: T").Attr("T: type");

REGISTER_OP("Reshape")
    .Input("tensor: T")
    .Input("shape: Tshape")
    .Output("output: T")
    .Attr("T: type")
    .Attr("Tshape: {int32, int64} = DT_INT32");

REGISTER_OP("Transpose")
    .Input("x: T")
    .Input("perm: Tperm")
    .Output("y: T")
    .Attr("T: type")
    .Attr("Tperm: {int32, int64} = DT_INT32");

}  // namespace tensorflow
