#ifndef TENSORFLOW_CORE_LIB_HASH_HASH_H_
#define TENSORFLOW_CORE_LIB_HASH_HASH_H_

#include "tensorflow/core/lib/core/stringpiece.h"

namespace tensorflow {

uint64 Hash64(StringPiece text);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_LIB_HASH_HASH_H_
