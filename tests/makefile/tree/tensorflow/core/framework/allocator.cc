#include "tensorflow/core/framework/allocator.h"

#include <stdlib.h>

namespace tensorflow {

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
