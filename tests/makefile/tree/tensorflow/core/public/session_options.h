#ifndef TENSORFLOW_CORE_PUBLIC_SESSION_OPTIONS_H_
#define TENSORFLOW_CORE_PUBLIC_SESSION_OPTIONS_H_

#include "tensorflow/core/platform/types.h"

namespace tensorflow {

class Env;

struct SessionOptions {
  Env* env;
  string target;  // empty: in this process

  SessionOptions();
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_PUBLIC_SESSION_OPTIONS_H_
