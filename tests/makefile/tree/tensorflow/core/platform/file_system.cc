#include "tensorflow/core/platform/file_system.h"

namespace tensorflow {

void FileSystemRegistry::Register(const string& scheme, Factory factory) {
  systems_[scheme].reset(factory());
}

FileSystem* FileSystemRegistry::Lookup(const string& scheme) {
  const auto found = systems_.find(scheme);
  return found == systems_.end() ? nullptr : found->second.get();
}

}  // namespace tensorflow
