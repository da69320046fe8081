#ifndef TENSORFLOW_CORE_UTIL_BCAST_H_
#define TENSORFLOW_CORE_UTIL_BCAST_H_

#include <vector>

#include "tensorflow/core/framework/tensor_shape.h"

namespace tensorflow {

// How two shapes become one, dimensions counted from the last, those of size 1 repeated.
class BCast {
 public:
  BCast(const TensorShape& x, const TensorShape& y);
  bool IsValid() const { return valid_; }
  const TensorShape& output_shape() const { return output_; }
  // Which element of an input stands at element `i` of the output.
  int64 XIndex(int64 i) const { return Index(i, x_steps_); }
  int64 YIndex(int64 i) const { return Index(i, y_steps_); }

 private:
  int64 Index(int64 i, const std::vector<int64>& steps) const;

  bool valid_ = true;
  TensorShape output_;
  std::vector<int64> x_steps_, y_steps_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_UTIL_BCAST_H_
