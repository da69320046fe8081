#include "tensorflow/core/kernels/ops_util.h"

namespace tensorflow {

Status IntegersOf(const Tensor& tensor, std::vector<int64>* numbers) {
  for (int64 i = 0; i < tensor.NumElements(); ++i) {
    if (tensor.dtype() == DataTypeToEnum<int32>::v()) {
      numbers->push_back(tensor.flat<int32>()(i));
    } else if (tensor.dtype() == DataTypeToEnum<int64>::v()) {
      numbers->push_back(tensor.flat<int64>()(i));
    } else {
      return errors::InvalidArgument("integers are wanted, not ", DataTypeString(tensor.dtype()));
    }
  }
  return Status::OK();
}

}  // namespace tensorflow
