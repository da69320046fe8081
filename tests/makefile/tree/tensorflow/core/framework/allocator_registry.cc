#include "tensorflow/core/framework/allocator.h"

namespace tensorflow {

namespace {

struct Best {
  Allocator* allocator = nullptr;
  int priority = -1;
};

Best* Chosen() {
  static Best* chosen = new Best;
  return chosen;
}

}  // namespace

Allocator* RegisteredAllocator() { return Chosen()->allocator; }

namespace allocator_registration {

Registration::Registration(const char* name, int priority, Allocator* allocator) {
  if (priority <= Chosen()->priority) return;
  Chosen()->priority = priority;
  Chosen()->allocator = allocator;
}

}  // namespace allocator_registration
}  // namespace tensorflow
