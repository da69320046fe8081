#ifndef TENSORFLOW_CORE_PLATFORM_MUTEX_H_
#define TENSORFLOW_CORE_PLATFORM_MUTEX_H_

#include "tensorflow/core/platform/default/mutex.h"

#endif  // TENSORFLOW_CORE_PLATFORM_MUTEX_H_
