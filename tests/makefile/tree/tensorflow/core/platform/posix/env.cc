#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/platform/posix/posix_file_system.h"

namespace tensorflow {

REGISTER_FILE_SYSTEM("", PosixFileSystem);
REGISTER_FILE_SYSTEM("file", PosixFileSystem);

Env* Env::Default() {
  static Env* env = new Env;
  return env;
}

}  // namespace tensorflow
