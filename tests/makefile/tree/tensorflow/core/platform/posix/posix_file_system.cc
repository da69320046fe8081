#include "tensorflow/core/platform/posix/posix_file_system.h"

#include <stdio.h>

#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

Status PosixFileSystem::ReadFile(const string& name, string* content) {
  FILE* file = fopen(name.c_str(), "rb");
  if (file == nullptr) return errors::NotFound("cannot open ", name);
  char block[4096];
  content->clear();
  while (const size_t size = fread(block, 1, sizeof block, file)) content->append(block, size);
  const bool good = ferror(file) == 0;
  fclose(file);
  return good ? Status::OK() : errors::DataLoss("cannot read ", name);
}

}  // namespace tensorflow
