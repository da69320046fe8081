// No other part of the runtime asks for this file: apps do.
#include "tensorflow/core/public/session_options.h"

#include "tensorflow/core/platform/env.h"

namespace tensorflow {

SessionOptions::SessionOptions() : env(Env::Default()) {}

}  // namespace tensorflow
