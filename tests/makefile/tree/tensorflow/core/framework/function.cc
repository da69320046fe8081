#include "tensorflow/core/framework/function.h"

#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

Status FunctionCallFrame::GetArg(int index, Tensor* value) const {
  if (index < 0 || index >= static_cast<int>(args_.size())) {
    return errors::InvalidArgument("there is no argument ", index);
  }
  *value = args_[index];
  return Status::OK();
}

Status FunctionCallFrame::SetRetval(int index, const Tensor& value) {
  if (index < 0 || index >= static_cast<int>(rets_.size())) {
    return errors::InvalidArgument("there is no result ", index);
  }
  rets_[index] = value;
  return Status::OK();
}

}  // namespace tensorflow
