#ifndef TENSORFLOW_CORE_UTIL_COMMAND_LINE_FLAGS_H_
#define TENSORFLOW_CORE_UTIL_COMMAND_LINE_FLAGS_H_

#include "tensorflow/core/platform/types.h"

namespace tensorflow {

// The value of "--name=value", or `standard`.
string Flag(int argc, char** argv, const string& name, const string& standard);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_UTIL_COMMAND_LINE_FLAGS_H_
