#ifndef TENSORFLOW_CORE_LIB_CORE_STRINGPIECE_H_
#define TENSORFLOW_CORE_LIB_CORE_STRINGPIECE_H_

#include <string.h>

#include "tensorflow/core/platform/types.h"

namespace tensorflow {

// Text that somebody else keeps.
class StringPiece {
 public:
  constexpr StringPiece() : data_(""), size_(0) {}
  StringPiece(const char* text) : data_(text), size_(strlen(text)) {}      // NOLINT
  StringPiece(const string& text) : data_(text.data()), size_(text.size()) {}  // NOLINT
  constexpr StringPiece(const char* data, size_t size) : data_(data), size_(size) {}

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  string ToString() const { return string(data_, size_); }

 private:
  const char* data_;
  size_t size_;
};

inline bool operator==(StringPiece a, StringPiece b) {
  return a.size() == b.size() && memcmp(a.data(), b.data(), a.size()) == 0;
}
inline bool operator!=(StringPiece a, StringPiece b) { return !(a == b); }

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_LIB_CORE_STRINGPIECE_H_
