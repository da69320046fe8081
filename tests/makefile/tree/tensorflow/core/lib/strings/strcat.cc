#include "tensorflow/core/lib/strings/strcat.h"

#include <stdio.h>

namespace tensorflow {
namespace strings {

AlphaNum::AlphaNum(int number) : AlphaNum(static_cast<long long>(number)) {}
AlphaNum::AlphaNum(unsigned number) : AlphaNum(static_cast<long long>(number)) {}
AlphaNum::AlphaNum(long number) : AlphaNum(static_cast<long long>(number)) {}
AlphaNum::AlphaNum(unsigned long number) : AlphaNum(static_cast<long long>(number)) {}
AlphaNum::AlphaNum(long long number)
    : piece_(digits_, snprintf(digits_, sizeof digits_, "%lld", number)) {}

string Join(std::initializer_list<StringPiece> pieces) {
  string text;
  for (StringPiece piece : pieces) text.append(piece.data(), piece.size());
  return text;
}

}  // namespace strings
}  // namespace tensorflow
