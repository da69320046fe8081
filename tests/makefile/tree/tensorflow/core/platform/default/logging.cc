#include "tensorflow/core/platform/logging.h"

#include <stdio.h>
#include <stdlib.h>

#include "tensorflow/core/lib/strings/strcat.h"
#include "tensorflow/core/platform/mutex.h"

namespace tensorflow {
namespace internal {

namespace {

void Write(const string& text) {
  static mutex* lines = new mutex;  // two threads do not mix their words
  mutex_lock lock(*lines);
  fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace

void Die(const char* file, int line, const string& text) {
  Write(strings::StrCat("F ", file, ":", line, "] ", text));
  abort();
}

void Warn(const string& text) { Write(strings::StrCat("W ", text)); }

}  // namespace internal
}  // namespace tensorflow
