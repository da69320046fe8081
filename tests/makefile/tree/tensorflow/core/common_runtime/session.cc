#include "tensorflow/core/public/session.h"

#include "tensorflow/core/common_runtime/session_factory.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

Session::Session() {}

Session::~Session() {}

Status NewSession(const SessionOptions& options, Session** session) {
  *session = nullptr;
  SessionFactory* factory = nullptr;
  TF_RETURN_IF_ERROR(SessionFactory::GetFactory(options, &factory));
  *session = factory->NewSession(options);
  return *session ? Status::OK() : errors::Internal("the session factory made none");
}

Session* NewSession(const SessionOptions& options) {
  Session* session = nullptr;
  const Status status = NewSession(options, &session);
  if (!status.ok()) internal::Warn(status.ToString());
  return session;
}

}  // namespace tensorflow
