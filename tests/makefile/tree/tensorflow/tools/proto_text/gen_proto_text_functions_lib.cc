#include "tensorflow/tools/proto_text/gen_proto_text_functions_lib.h"

#include "tensorflow/core/lib/strings/strcat.h"

namespace tensorflow {

using strings::StrAppend;
using strings::StrCat;

namespace {

std::string Guard(const std::string& path) {
  std::string guard = StrCat(path, "_PB_TEXT_H_");
  for (char& c : guard) {
    if (c == '/' || c == '.') c = '_';
  }
  return guard;
}

}  // namespace

ProtoTextCode MakeProtoText(const google::protobuf::FileDescriptor& file, const std::string& path) {
  ProtoTextCode code;
  const std::string guard = Guard(path);
  code.header = StrCat("// Made by proto_text.\n#ifndef ", guard, "\n#define ", guard,
                       "\n\n#include \"", path, ".pb.h\"\n\nnamespace tensorflow {\n");
  code.source = StrCat("// Made by proto_text.\n#include \"", path,
                       ".pb_text.h\"\n\nnamespace tensorflow {\n");
  for (int i = 0; i < file.enum_type_count(); ++i) {
    const auto& type = *file.enum_type(i);
    const std::string scope = file.package() == "tensorflow.error" ? "error::" : "";
    const std::string head = StrCat("const char* EnumName_", type.name(), "(::tensorflow::", scope,
                                    type.name(), " value)");
    StrAppend(&code.header, head, ";\n");
    StrAppend(&code.source, head, " {\n  switch (static_cast<int>(value)) {\n");
    for (int v = 0; v < type.value_count(); ++v) {
      StrAppend(&code.source, "    case ", type.value(v)->number(), ": return \"",
                type.value(v)->name(), "\";\n");
    }
    StrAppend(&code.source, "    default: return \"\";\n  }\n}\n");
  }
  StrAppend(&code.header, "}  // namespace tensorflow\n\n#endif\n");
  StrAppend(&code.source, "}  // namespace tensorflow\n");
  return code;
}

}  // namespace tensorflow
