#include "tensorflow/core/framework/op.h"

namespace tensorflow {

REGISTER_OP("NoOp").Doc("Does nothing.");

}  // namespace tensorflow
