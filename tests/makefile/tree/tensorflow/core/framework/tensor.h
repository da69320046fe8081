#ifndef TENSORFLOW_CORE_FRAMEWORK_TENSOR_H_
#define TENSORFLOW_CORE_FRAMEWORK_TENSOR_H_

#include <memory>

#include "tensorflow/core/framework/tensor_shape.h"
#include "tensorflow/core/framework/types.h"

namespace tensorflow {

class TensorProto;

// The elements of a tensor, one after the other.
template <typename T>
class FlatView {
 public:
  FlatView(T* data, int64 size) : data_(data), size_(size) {}
  int64 size() const { return size_; }
  T* data() const { return data_; }
  T& operator()(int64 i) const { return data_[i]; }
  void setZero() const {
    for (int64 i = 0; i < size_; ++i) data_[i] = T();
  }

 private:
  T* data_;
  int64 size_;
};

class Tensor {
 public:
  Tensor() : Tensor(DataTypeToEnum<float>::v(), TensorShape({0})) {}
  // All elements are zero, or empty text.
  Tensor(DataType dtype, const TensorShape& shape);

  DataType dtype() const { return dtype_; }
  const TensorShape& shape() const { return shape_; }
  int dims() const { return shape_.dims(); }
  int64 dim_size(int d) const { return shape_.dim_size(d); }
  int64 NumElements() const { return shape_.num_elements(); }
  // The bytes themselves. Only for types that can be copied so.
  StringPiece tensor_data() const;

  template <typename T>
  FlatView<T> flat() {
    return FlatView<T>(static_cast<T*>(Base(DataTypeToEnum<T>::v())), NumElements());
  }
  template <typename T>
  FlatView<const T> flat() const {
    return FlatView<const T>(static_cast<const T*>(Base(DataTypeToEnum<T>::v())), NumElements());
  }

  // Shares the elements of `other`; false if there are not as many.
  bool CopyFrom(const Tensor& other, const TensorShape& shape);
  // False if the message is not sound.
  bool FromProto(const TensorProto& proto);

 private:
  void* Base(DataType asked) const;

  DataType dtype_;
  TensorShape shape_;
  std::shared_ptr<void> elements_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_TENSOR_H_
