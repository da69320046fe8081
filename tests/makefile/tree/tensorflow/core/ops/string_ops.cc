#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("StringJoin")
    .Input("inputs: N * string")
    .Output("output: string")
    .Attr("N: int >= 1")
    .Attr("separator: string = ''");

}  // namespace tensorflow
