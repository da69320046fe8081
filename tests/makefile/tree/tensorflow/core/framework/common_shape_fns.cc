#include "tensorflow/core/framework/common_shape_fns.h"

namespace tensorflow {
namespace shape_inference {

Status UnchangedShape(InferenceContext* context) { return Status::OK(); }
Status UnknownShape(InferenceContext* context) { return Status::OK(); }

}  // namespace shape_inference
}  // namespace tensorflow
