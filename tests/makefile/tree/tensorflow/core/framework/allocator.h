// Memory for tensors, from the allocator of the highest priority that registered itself.
#ifndef TENSORFLOW_CORE_FRAMEWORK_ALLOCATOR_H_
#define TENSORFLOW_CORE_FRAMEWORK_ALLOCATOR_H_

#include "tensorflow/core/platform/macros.h"
#include "tensorflow/core/platform/types.h"

namespace tensorflow {

class Allocator {
 public:
  virtual ~Allocator() {}
  virtual string Name() = 0;
  // Zeroed, for any type; nullptr if there is none left.
  virtual void* AllocateRaw(size_t num_bytes) = 0;
  virtual void DeallocateRaw(void* memory) = 0;
};

// Ends the program if no allocator is registered.
Allocator* cpu_allocator();

// The best of those that registered themselves, nullptr if there is none.
Allocator* RegisteredAllocator();

namespace allocator_registration {

class Registration {
 public:
  Registration(const char* name, int priority, Allocator* allocator);
};

}  // namespace allocator_registration
}  // namespace tensorflow

#define REGISTER_MEM_ALLOCATOR(name, priority, allocator)                             \
  static ::tensorflow::allocator_registration::Registration registered_##allocator \
      TF_ATTRIBUTE_UNUSED(name, priority, new allocator)

#endif  // TENSORFLOW_CORE_FRAMEWORK_ALLOCATOR_H_
