#ifndef TENSORFLOW_TOOLS_PROTO_TEXT_GEN_PROTO_TEXT_FUNCTIONS_LIB_H_
#define TENSORFLOW_TOOLS_PROTO_TEXT_GEN_PROTO_TEXT_FUNCTIONS_LIB_H_

#include <string>

#include "google/protobuf/descriptor.h"

namespace tensorflow {

struct ProtoTextCode {
  std::string header, source;
};

// A function EnumName_X for each enumeration X of a .proto file. `path` is that of the file
// without ".proto".
ProtoTextCode MakeProtoText(const google::protobuf::FileDescriptor& file, const std::string& path);

}  // namespace tensorflow

#endif  // TENSORFLOW_TOOLS_PROTO_TEXT_GEN_PROTO_TEXT_FUNCTIONS_LIB_H_
