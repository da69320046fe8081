// Part of the runtime that no kernel and no session asks for: a trimmed library is without it.
#include "tensorflow/core/lib/hash/hash.h"

namespace tensorflow {

uint64 Hash64(StringPiece text) {
  uint64 hash = 1469598103934665603ull;
  for (size_t i = 0; i < text.size(); ++i) {
    hash = (hash ^ static_cast<uint8>(text.data()[i])) * 1099511628211ull;
  }
  return hash;
}

}  // namespace tensorflow
