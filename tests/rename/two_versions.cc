// One program, in one file, with two protobufs: that of an app, and ours under other names. Each
// makes a message and reads what the other wrote.
#include <cstdio>
#include <string>

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>

#include <our_google/protobuf/any.pb.h>
#include <our_google/protobuf/descriptor.h>
#include <our_google/protobuf/struct.pb.h>
#include <our_google/protobuf/text_format.h>

namespace app = google::protobuf;
namespace our = our_google::protobuf;

template <class Struct>
std::string Write(double number, const char* text) {
  Struct made;
  (*made.mutable_fields())["number"].set_number_value(number);
  (*made.mutable_fields())["list"].mutable_list_value()->add_values()->set_string_value(text);
  return made.SerializeAsString();
}

template <class Struct, class TextFormat>
void Read(const char* reader, const std::string& bytes) {
  Struct read;
  if (!read.ParseFromString(bytes)) std::printf("%s cannot read it\n", reader);
  std::string number, list;
  TextFormat::PrintToString(read.fields().at("number"), &number);
  TextFormat::PrintToString(read.fields().at("list").list_value().values(0), &list);
  std::printf("%s %s reads %s%s", reader, read.GetTypeName().c_str(), number.c_str(),
              list.c_str());
}

template <class Any, class Struct>
void Unpack(const char* reader, const std::string& bytes) {
  Any any;
  Struct read;
  bool done = any.ParseFromString(bytes) && any.UnpackTo(&read);
  std::printf("%s unpacks %s: %d\n", reader, any.type_url().c_str(), done);
}

template <class Any, class Struct>
std::string Pack() {
  Any any;
  any.PackFrom(Struct());
  return any.SerializeAsString();
}

template <class Pool>
void Find(const char* who, const Pool* pool) {
  auto* file = pool->FindFileByName("google/protobuf/struct.proto");
  auto* message = pool->FindMessageTypeByName("google.protobuf.Struct");
  std::printf("%s pool: %d\n", who, file != nullptr && message->file() == file);
}

int main() {
  std::printf("app %d, our %d\n", GOOGLE_PROTOBUF_VERSION, our_GOOGLE_PROTOBUF_VERSION);
  Read<app::Struct, app::TextFormat>("app", Write<our::Struct>(1.5, "from our"));
  Read<our::Struct, our::TextFormat>("our", Write<app::Struct>(2.5, "from app"));
  Unpack<app::Any, app::Struct>("app", Pack<our::Any, our::Struct>());
  Unpack<our::Any, our::Struct>("our", Pack<app::Any, app::Struct>());
  Find("app", app::DescriptorPool::generated_pool());
  Find("our", our::DescriptorPool::generated_pool());
  app::ShutdownProtobufLibrary();
  our::ShutdownProtobufLibrary();
}
