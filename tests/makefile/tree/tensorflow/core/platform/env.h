#ifndef TENSORFLOW_CORE_PLATFORM_ENV_H_
#define TENSORFLOW_CORE_PLATFORM_ENV_H_

#include "tensorflow/core/lib/core/status.h"
#include "tensorflow/core/platform/file_system.h"
#include "tensorflow/core/platform/protobuf.h"

namespace tensorflow {

class Env {
 public:
  static Env* Default();

  Status GetFileSystemForFile(const string& name, FileSystem** result);
  void RegisterFileSystem(const string& scheme, FileSystemRegistry::Factory factory);

 private:
  FileSystemRegistry systems_;
};

Status ReadFileToString(Env* env, const string& name, string* content);
Status ReadBinaryProto(Env* env, const string& name, protobuf::MessageLite* proto);

namespace register_file_system {

template <typename System>
struct Register {
  Register(Env* env, const string& scheme) {
    env->RegisterFileSystem(scheme, []() -> FileSystem* { return new System; });
  }
};

}  // namespace register_file_system
}  // namespace tensorflow

#define REGISTER_FILE_SYSTEM(scheme, system) \
  REGISTER_FILE_SYSTEM_HELPER(__COUNTER__, ::tensorflow::Env::Default(), scheme, system)
#define REGISTER_FILE_SYSTEM_HELPER(ctr, env, scheme, system) \
  REGISTER_FILE_SYSTEM_UNIQ(ctr, env, scheme, system)
#define REGISTER_FILE_SYSTEM_UNIQ(ctr, env, scheme, system)                          \
  static ::tensorflow::register_file_system::Register<system> file_system_##ctr \
      TF_ATTRIBUTE_UNUSED(env, scheme)

#endif  // TENSORFLOW_CORE_PLATFORM_ENV_H_
