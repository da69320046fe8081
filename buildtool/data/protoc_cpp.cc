// protoc with the one language that is asked of it: the others take longer to compile than all the
// rest of protobuf.
#include "google/protobuf/compiler/command_line_interface.h"
#include "google/protobuf/compiler/cpp/cpp_generator.h"

int main(int argc, char* argv[]) {
  google::protobuf::compiler::CommandLineInterface program;
  google::protobuf::compiler::cpp::CppGenerator cpp;
  program.RegisterGenerator("--cpp_out", "--cpp_opt", &cpp, "C++ headers and sources.");
  return program.Run(argc, argv);
}
