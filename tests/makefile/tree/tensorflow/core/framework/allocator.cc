#include "tensorflow/core/framework/allocator.h"

#include <stdlib.h>

#include "tensorflow/core/platform/logging.h"

namespace tensorflow {

Allocator* cpu_allocator() {
  Allocator* allocator = RegisteredAllocator();
  CHECK(allocator != nullptr);
  return allocator;
}

namespace {

class CPUAllocator : public Allocator {
 public:
  string Name() override { return "cpu"; }
  void* AllocateRaw(size_t num_bytes) override { return calloc(num_bytes + 1, 1); }
  void DeallocateRaw(void* memory) override { free(memory); }
};

REGISTER_MEM_ALLOCATOR("DefaultCPUAllocator", 100, CPUAllocator);

}  // namespace
}  // namespace tensorflow
