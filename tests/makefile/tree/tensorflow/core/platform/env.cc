#include "tensorflow/core/platform/env.h"

#include "google/protobuf/message_lite.h"

#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

Status Env::GetFileSystemForFile(const string& name, FileSystem** result) {
  const size_t colon = name.find("://");
  const string scheme = colon == string::npos ? "" : name.substr(0, colon);
  *result = systems_.Lookup(scheme);
  if (*result == nullptr) {
    return errors::Unimplemented("no file system is registered that reads ", name);
  }
  return Status::OK();
}

void Env::RegisterFileSystem(const string& scheme, FileSystemRegistry::Factory factory) {
  systems_.Register(scheme, factory);
}

Status ReadFileToString(Env* env, const string& name, string* content) {
  FileSystem* system = nullptr;
  TF_RETURN_IF_ERROR(env->GetFileSystemForFile(name, &system));
  return system->ReadFile(name, content);
}

Status ReadBinaryProto(Env* env, const string& name, protobuf::MessageLite* proto) {
  string content;
  TF_RETURN_IF_ERROR(ReadFileToString(env, name, &content));
  if (!proto->ParseFromString(content)) {
    return errors::DataLoss(name, " holds no such message");
  }
  return Status::OK();
}

}  // namespace tensorflow
