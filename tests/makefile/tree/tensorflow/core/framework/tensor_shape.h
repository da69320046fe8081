#ifndef TENSORFLOW_CORE_FRAMEWORK_TENSOR_SHAPE_H_
#define TENSORFLOW_CORE_FRAMEWORK_TENSOR_SHAPE_H_

#include <initializer_list>
#include <vector>

#include "tensorflow/core/platform/types.h"

namespace tensorflow {

class TensorShapeProto;

class TensorShape {
 public:
  TensorShape() {}
  TensorShape(std::initializer_list<int64> sizes) : sizes_(sizes) {}
  explicit TensorShape(const TensorShapeProto& proto);

  void AddDim(int64 size) { sizes_.push_back(size); }
  int dims() const { return static_cast<int>(sizes_.size()); }
  int64 dim_size(int d) const { return sizes_[d]; }
  void set_dim(int d, int64 size) { sizes_[d] = size; }
  int64 num_elements() const;
  string DebugString() const;

  bool operator==(const TensorShape& other) const { return sizes_ == other.sizes_; }
  bool operator!=(const TensorShape& other) const { return sizes_ != other.sizes_; }

 private:
  std::vector<int64> sizes_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_TENSOR_SHAPE_H_
