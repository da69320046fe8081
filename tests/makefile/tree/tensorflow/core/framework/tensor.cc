#include "tensorflow/core/framework/tensor.h"

#include <string.h>

#include "tensorflow/core/framework/allocator.h"
#include "tensorflow/core/framework/tensor.pb.h"
#include "tensorflow/core/framework/types.pb.h"
#include "tensorflow/core/lib/strings/strcat.h"
#include "tensorflow/core/platform/logging.h"

namespace tensorflow {

TensorShape::TensorShape(const TensorShapeProto& proto) {
  for (const auto& dim : proto.dim()) AddDim(dim.size());
}

int64 TensorShape::num_elements() const {
  int64 count = 1;
  for (int64 size : sizes_) count *= size;
  return count;
}

string TensorShape::DebugString() const {
  string text;
  for (int64 size : sizes_) strings::StrAppend(&text, text.empty() ? "[" : ",", size);
  return text.empty() ? "[]" : text + "]";
}

namespace {

std::shared_ptr<void> NewElements(DataType dtype, int64 count) {
  if (dtype == DT_STRING) {
    return std::shared_ptr<string>(new string[count], [](string* texts) { delete[] texts; });
  }
  Allocator* allocator = cpu_allocator();
  void* memory = allocator->AllocateRaw(count * DataTypeSize(dtype));
  return std::shared_ptr<void>(memory, [allocator](void* m) { allocator->DeallocateRaw(m); });
}

// One value stands for all elements, the last one for those that are not written out.
template <typename T, typename Values>
bool Fill(const Values& values, FlatView<T> elements) {
  const int64 given = values.size();
  if (given > elements.size()) return false;
  for (int64 i = 0; i < elements.size() && given > 0; ++i) {
    elements(i) = static_cast<T>(values.Get(static_cast<int>(i < given ? i : given - 1)));
  }
  return true;
}

}  // namespace

Tensor::Tensor(DataType dtype, const TensorShape& shape)
    : dtype_(dtype), shape_(shape), elements_(NewElements(dtype, shape.num_elements())) {}

void* Tensor::Base(DataType asked) const {
  CHECK(asked == dtype_);
  return elements_.get();
}

StringPiece Tensor::tensor_data() const {
  CHECK(DataTypeCanUseMemcpy(dtype_));
  return StringPiece(static_cast<const char*>(elements_.get()),
                     NumElements() * DataTypeSize(dtype_));
}

bool Tensor::CopyFrom(const Tensor& other, const TensorShape& shape) {
  if (other.NumElements() != shape.num_elements()) return false;
  *this = other;
  shape_ = shape;
  return true;
}

bool Tensor::FromProto(const TensorProto& proto) {
  *this = Tensor(proto.dtype(), TensorShape(proto.tensor_shape()));
  const string& content = proto.tensor_content();
  if (!content.empty()) {
    if (dtype_ == DT_STRING || content.size() != tensor_data().size()) return false;
    memcpy(elements_.get(), content.data(), content.size());
    return true;
  }
  switch (dtype_) {
    case DT_FLOAT:
      return Fill(proto.float_val(), flat<float>());
    case DT_DOUBLE:
      return Fill(proto.double_val(), flat<double>());
    case DT_INT32:
      return Fill(proto.int_val(), flat<int32>());
    case DT_INT16:
      return Fill(proto.int_val(), flat<int16>());
    case DT_INT8:
      return Fill(proto.int_val(), flat<int8>());
    case DT_UINT8:
      return Fill(proto.int_val(), flat<uint8>());
    case DT_INT64:
      return Fill(proto.int64_val(), flat<int64>());
    case DT_BOOL:
      return Fill(proto.bool_val(), flat<bool>());
    case DT_STRING:
      return Fill(proto.string_val(), flat<string>());
    default:
      return false;
  }
}

}  // namespace tensorflow
