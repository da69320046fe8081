// File systems, each for one scheme of names ("" for plain paths), found through a registry that
// static constructors fill.
#ifndef TENSORFLOW_CORE_PLATFORM_FILE_SYSTEM_H_
#define TENSORFLOW_CORE_PLATFORM_FILE_SYSTEM_H_

#include <map>
#include <memory>

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class FileSystem {
 public:
  virtual ~FileSystem() {}
  virtual Status ReadFile(const string& name, string* content) = 0;
};

class FileSystemRegistry {
 public:
  typedef FileSystem* (*Factory)();
  void Register(const string& scheme, Factory factory);
  FileSystem* Lookup(const string& scheme);

 private:
  std::map<string, std::unique_ptr<FileSystem>> systems_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_PLATFORM_FILE_SYSTEM_H_
