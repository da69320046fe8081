// The part of an app that knows its own protobuf and no TensorFlow: it keeps bytes in a message.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>

#include <cstdio>
#include <string>

std::string Kept(const std::string& bytes) {
  google::protobuf::Any any;
  any.set_type_url("example.com/bytes");
  any.set_value(bytes);
  google::protobuf::Any read;
  return read.ParseFromString(any.SerializeAsString()) ? read.value() : std::string();
}

void TellOwn() {
  google::protobuf::Struct made, read;
  (*made.mutable_fields())["answer"].set_number_value(42);
  std::string text;
  bool done = read.ParseFromString(made.SerializeAsString()) &&
              google::protobuf::TextFormat::PrintToString(read.fields().at("answer"), &text);
  std::printf("own protobuf %d: %d %s", GOOGLE_PROTOBUF_VERSION, done, text.c_str());
}
