// Not in the list of the makefile, though the kernel of this op is.
#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("Invert").Input("x: T").Output("y: T").Attr("T: {int8, int16, int32, int64, uint8}");

}  // namespace tensorflow
