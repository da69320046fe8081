#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_SESSION_FACTORY_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_SESSION_FACTORY_H_

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class Session;
struct SessionOptions;

// Makes sessions. Factories register themselves, from static constructors.
class SessionFactory {
 public:
  virtual ~SessionFactory() {}
  virtual Session* NewSession(const SessionOptions& options) = 0;
  virtual bool AcceptsOptions(const SessionOptions& options) = 0;

  static void Register(const string& runtime_type, SessionFactory* factory);
  static Status GetFactory(const SessionOptions& options, SessionFactory** factory);
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_SESSION_FACTORY_H_
