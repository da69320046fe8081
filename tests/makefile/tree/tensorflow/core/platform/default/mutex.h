// A mutex that nsync makes, so that a program needs nsync's library to be linked.
#ifndef TENSORFLOW_CORE_PLATFORM_DEFAULT_MUTEX_H_
#define TENSORFLOW_CORE_PLATFORM_DEFAULT_MUTEX_H_

#include "nsync_mu.h"

#include "tensorflow/core/platform/macros.h"

namespace tensorflow {

class mutex {
 public:
  mutex() { nsync::nsync_mu_init(&mu_); }
  void lock() { nsync::nsync_mu_lock(&mu_); }
  void unlock() { nsync::nsync_mu_unlock(&mu_); }

 private:
  nsync::nsync_mu mu_;
  TF_DISALLOW_COPY_AND_ASSIGN(mutex);
};

class mutex_lock {
 public:
  explicit mutex_lock(mutex& mu) : mu_(mu) { mu_.lock(); }
  ~mutex_lock() { mu_.unlock(); }

 private:
  mutex& mu_;
  TF_DISALLOW_COPY_AND_ASSIGN(mutex_lock);
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_PLATFORM_DEFAULT_MUTEX_H_
