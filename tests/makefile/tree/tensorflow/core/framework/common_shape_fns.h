// What ops name as their shape functions. Shapes are not inferred here.
#ifndef TENSORFLOW_CORE_FRAMEWORK_COMMON_SHAPE_FNS_H_
#define TENSORFLOW_CORE_FRAMEWORK_COMMON_SHAPE_FNS_H_

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {
namespace shape_inference {

class InferenceContext;

Status UnchangedShape(InferenceContext* context);
Status UnknownShape(InferenceContext* context);

}  // namespace shape_inference
}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_COMMON_SHAPE_FNS_H_
