#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("BiasAdd")
    .Input("value: T")
    .Input("bias: T")
    .Output("output: T")
    .Attr("T: numbertype")
    .Attr("data_format: string = 'NHWC'");
REGISTER_OP("BiasAddGrad")
    .Input("out_backprop: T")
    .Output("output: T")
    .Attr("T: numbertype")
    .Attr("data_format: string = 'NHWC'");
REGISTER_OP("BiasAddV1").Input("value: T").Input("bias: T").Output("output: T").Attr("T: numbertype");

REGISTER_OP("Relu")
    .Input("features: T")
    .Output("activations: T")
    .Attr("T: realnumbertype")
    .SetShapeFn(shape_inference::UnchangedShape);
REGISTER_OP("Relu6").Input("features: T").Output("activations: T").Attr("T: realnumbertype = DT_FLOAT");
#define ACTIVATION() Input("features: T").Output("activations: T").Attr("T: {float, double}")

REGISTER_OP("Elu").ACTIVATION();
REGISTER_OP("Selu").ACTIVATION();
REGISTER_OP("Softsign").ACTIVATION();
REGISTER_OP("Softplus").ACTIVATION();

#undef ACTIVATION

REGISTER_OP("LogSoftmax").Input("logits: T").Output("logsoftmax: T").Attr("T: {float, double}");
REGISTER_OP("Softmax").Input("logits: T").Output("softmax: T").Attr("T: {float, double}");

}  // namespace tensorflow
