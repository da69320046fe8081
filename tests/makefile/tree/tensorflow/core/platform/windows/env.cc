// Not for this machine: whoever compiles it did not leave it out.
#include <windows.h>

#include "tensorflow/core/platform/env.h"
