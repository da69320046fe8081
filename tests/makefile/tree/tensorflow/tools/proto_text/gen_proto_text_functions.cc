// proto_text OUTPUT PREFIX PLACEHOLDER PROTO...: runs on the machine that compiles.
//
// For PREFIX + "a/b.proto", OUTPUT/a/b.pb_text.h, .pb_text-impl.h and .pb_text.cc are written.
#include <stdio.h>

#include "google/protobuf/compiler/importer.h"

#include "tensorflow/core/lib/core/error_codes.pb.h"
#include "tensorflow/core/lib/strings/strcat.h"
#include "tensorflow/core/platform/logging.h"
#include "tensorflow/tools/proto_text/gen_proto_text_functions_lib.h"

namespace tensorflow {

namespace {

class Fatal : public google::protobuf::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& filename, int line, int column,
                const std::string& message) override {
    internal::Die(filename.c_str(), line, message);
  }
};

void Write(const std::string& path, const std::string& text) {
  FILE* file = fopen(path.c_str(), "w");
  const bool good = file && fwrite(text.data(), 1, text.size(), file) == text.size();
  if (!good || fclose(file) != 0) internal::Die(path.c_str(), 0, "cannot be written");
}

int Main(int argc, char** argv) {
  if (argc < 5) return error::INVALID_ARGUMENT;
  const std::string output = argv[1], prefix = argv[2];
  google::protobuf::compiler::DiskSourceTree tree;
  tree.MapPath("", ".");
  Fatal fatal;
  google::protobuf::compiler::Importer importer(&tree, &fatal);
  for (int i = 4; i < argc; ++i) {
    const std::string proto = argv[i];
    const auto* file = importer.Import(proto);
    CHECK(file != nullptr);
    const std::string path = proto.substr(0, proto.rfind('.'));
    const std::string made = strings::StrCat(output, "/", path.substr(prefix.size()), ".pb_text");
    const ProtoTextCode code = MakeProtoText(*file, path);
    Write(made + ".h", code.header);
    Write(made + "-impl.h", code.header);
    Write(made + ".cc", code.source);
  }
  return error::OK;
}

}  // namespace
}  // namespace tensorflow

int main(int argc, char** argv) { return tensorflow::Main(argc, argv); }
