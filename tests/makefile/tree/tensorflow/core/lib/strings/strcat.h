#ifndef TENSORFLOW_CORE_LIB_STRINGS_STRCAT_H_
#define TENSORFLOW_CORE_LIB_STRINGS_STRCAT_H_

#include <initializer_list>

#include "tensorflow/core/lib/core/stringpiece.h"

namespace tensorflow {
namespace strings {

// One word of a sentence: text, or a number in decimal.
class AlphaNum {
 public:
  AlphaNum(const char* text) : piece_(text) {}         // NOLINT
  AlphaNum(const string& text) : piece_(text) {}       // NOLINT
  AlphaNum(StringPiece text) : piece_(text) {}         // NOLINT
  AlphaNum(int number);                                // NOLINT
  AlphaNum(unsigned number);                           // NOLINT
  AlphaNum(long number);                               // NOLINT
  AlphaNum(unsigned long number);                      // NOLINT
  AlphaNum(long long number);                          // NOLINT

  StringPiece piece() const { return piece_; }

 private:
  StringPiece piece_;
  char digits_[24];
};

string Join(std::initializer_list<StringPiece> pieces);

inline string StrCat() { return string(); }

template <typename... Args>
string StrCat(const Args&... args) {
  return Join({AlphaNum(args).piece()...});
}

template <typename... Args>
void StrAppend(string* text, const Args&... args) {
  text->append(Join({AlphaNum(args).piece()...}));
}

}  // namespace strings
}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_LIB_STRINGS_STRCAT_H_
