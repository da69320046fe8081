#include "tensorflow/core/common_runtime/session_factory.h"

#include <map>

#include "tensorflow/core/lib/core/errors.h"
#include "tensorflow/core/platform/mutex.h"
#include "tensorflow/core/public/session_options.h"

namespace tensorflow {

namespace {

mutex* Lock() {
  static mutex* lock = new mutex;
  return lock;
}

std::map<string, SessionFactory*>* Factories() {
  static auto* factories = new std::map<string, SessionFactory*>;
  return factories;
}

}  // namespace

void SessionFactory::Register(const string& runtime_type, SessionFactory* factory) {
  mutex_lock lock(*Lock());
  if (!Factories()->emplace(runtime_type, factory).second) {
    internal::Warn(strings::StrCat("Two session factories called ", runtime_type));
  }
}

Status SessionFactory::GetFactory(const SessionOptions& options, SessionFactory** factory) {
  mutex_lock lock(*Lock());
  string known;
  for (const auto& entry : *Factories()) {
    if (entry.second->AcceptsOptions(options)) {
      *factory = entry.second;
      return Status::OK();
    }
    strings::StrAppend(&known, known.empty() ? "" : ", ", entry.first);
  }
  return errors::NotFound("No session factory registered for target '", options.target,
                          "'; there are: ", known);
}

}  // namespace tensorflow
