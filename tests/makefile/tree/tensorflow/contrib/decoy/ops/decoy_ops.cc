// Outside of the core: nothing of a library unless a model asks for it.
#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("Decoy").Input("x: float").Output("y: float");

}  // namespace tensorflow
