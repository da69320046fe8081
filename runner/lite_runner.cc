// Proves a built library of TensorFlow Lite on the machine it was built for: linked with the library
// exactly as an app would be, it says what the library registers and runs a model.
//
//   lite_runner --session
//   lite_runner --kernels [--custom NAME]...
//   lite_runner --run MODEL.tflite [--input NAME DTYPE SHAPE FILE]... --output NAME... --out DIR
//
// It takes the command line of runner.cc and answers as that does, but for this: --session ends with
// 0 if an interpreter can be made. --kernels writes one JSON object per line for every op code and
// version that the resolver knows, and for the custom ops that are asked for by NAME: a resolver
// cannot list its own. The numbers are those of the schema, whose names would only make the program
// larger. --run feeds the FILEs to the model's inputs and writes its outputs, both in the order of
// the model: their names are only repeated. Inputs get the SHAPE that is given.
//
// With RUNNER_STRINGS it also takes and gives strings. With RUNNER_FLEX, --kernels also lists the ops
// and kernels of TensorFlow itself, as runner.cc does.
//
// The size of this program is measured as the size of an app, so it uses no stream.


#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/lite/create_op_resolver.h"
#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/interpreter_builder.h"
#include "tensorflow/lite/model_builder.h"
#include "tensorflow/lite/mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"
#ifdef RUNNER_STRINGS
#include "tensorflow/lite/string_util.h"
#endif

#include "common.h"
#include "printing.h"
#ifdef RUNNER_FLEX
#include "registries.h"
#endif

namespace {

// No op of TensorFlow Lite 2.14 has a version above 13.
constexpr int kMostVersions = 32;

struct Input {
  std::string name;
  std::string dtype;
  std::vector<int> shape;
  std::string file;
};

struct Request {
  std::string mode;
  std::string model;
  std::string out;
  std::vector<Input> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> customs;
};

int Fail(const std::string& text) { return Complain(text.c_str()); }

int Usage(const std::string& text) {
  Fail(text);
  return 2;
}

// TensorFlow's lower-case name of a type.
const char* TypeName(TfLiteType type) {
  switch (type) {
    case kTfLiteFloat32: return "float";
    case kTfLiteFloat64: return "double";
    case kTfLiteFloat16: return "half";
    case kTfLiteInt8: return "int8";
    case kTfLiteInt16: return "int16";
    case kTfLiteInt32: return "int32";
    case kTfLiteInt64: return "int64";
    case kTfLiteUInt8: return "uint8";
    case kTfLiteUInt16: return "uint16";
    case kTfLiteUInt32: return "uint32";
    case kTfLiteUInt64: return "uint64";
    case kTfLiteBool: return "bool";
    case kTfLiteComplex64: return "complex64";
    case kTfLiteComplex128: return "complex128";
    case kTfLiteString: return "string";
    default: return "other";
  }
}

// ---- the resolver ------------------------------------------------------------------------

int ProveSession() {
  const std::unique_ptr<tflite::MutableOpResolver> resolver = tflite::CreateOpResolver();
  tflite::Interpreter interpreter;
  return resolver && interpreter.AllocateTensors() == kTfLiteOk ? 0 : Fail("no interpreter");
}

int ListKernels(const Request& request) {
  const std::unique_ptr<tflite::MutableOpResolver> resolver = tflite::CreateOpResolver();
  for (int code = tflite::BuiltinOperator_MIN; code <= tflite::BuiltinOperator_MAX; ++code) {
    for (int version = 1; version <= kMostVersions; ++version) {
      if (resolver->FindOp(static_cast<tflite::BuiltinOperator>(code), version) != nullptr) {
        printf("{\"code\": %d, \"version\": %d}\n", code, version);
      }
    }
  }
  for (const std::string& name : request.customs) {
    for (int version = 1; version <= kMostVersions; ++version) {
      if (resolver->FindOp(name.c_str(), version) != nullptr) {
        printf("{\"custom\": ");
        PrintString(name);
        printf(", \"version\": %d}\n", version);
      }
    }
  }
#ifdef RUNNER_FLEX
  return ListRegistries();
#else
  return 0;
#endif
}

// ---- tensors and files -------------------------------------------------------------------

bool ParseShape(const char* text, std::vector<int>* shape) {
  while (*text != '\0') {
    char* end = nullptr;
    const long size = strtol(text, &end, 10);
    if (end == text || size < 0 || (*end != '\0' && *end != ',')) return false;
    shape->push_back(static_cast<int>(size));
    text = *end == ',' ? end + 1 : end;
  }
  return true;
}

bool ReadFile(const std::string& path, std::vector<char>* content) {
  FILE* file = fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  char part[4096];
  size_t size;
  while ((size = fread(part, 1, sizeof part, file)) > 0) {
    content->insert(content->end(), part, part + size);
  }
  const bool good = ferror(file) == 0;
  fclose(file);
  return good;
}

bool Fill(TfLiteTensor* tensor, const std::vector<char>& content) {
#ifdef RUNNER_STRINGS
  if (tensor->type == kTfLiteString) {
    tflite::DynamicBuffer buffer;
    for (size_t place = 0; place < content.size();) {
      uint32_t length = 0;
      if (content.size() - place < sizeof length) return false;
      memcpy(&length, content.data() + place, sizeof length);
      place += sizeof length;
      if (content.size() - place < length) return false;
      buffer.AddString(content.data() + place, length);
      place += length;
    }
    buffer.WriteToTensor(tensor, nullptr);
    return true;
  }
#endif
  if (content.size() != tensor->bytes) return false;
  if (!content.empty()) memcpy(tensor->data.raw, content.data(), content.size());
  return true;
}

bool WriteContent(const TfLiteTensor& tensor, FILE* file) {
#ifdef RUNNER_STRINGS
  if (tensor.type == kTfLiteString) {
    const int count = tflite::GetStringCount(&tensor);
    for (int i = 0; i < count; ++i) {
      const tflite::StringRef text = tflite::GetString(&tensor, i);
      const uint32_t length = text.len;
      if (fwrite(&length, sizeof length, 1, file) != 1) return false;
      if (fwrite(text.str, 1, length, file) != length) return false;
    }
    return true;
  }
#endif
  return fwrite(tensor.data.raw, 1, tensor.bytes, file) == tensor.bytes;
}

int WriteOutput(const TfLiteTensor& tensor, const std::string& name, const std::string& path) {
  FILE* file = fopen(path.c_str(), "wb");
  if (file == nullptr) return Fail("cannot write " + path);
  const bool good = WriteContent(tensor, file);
  if (fclose(file) != 0 || !good) return Fail("cannot write " + path);
  printf("{\"output\": ");
  PrintString(name);
  printf(", \"dtype\": \"%s\", \"shape\": [", TypeName(tensor.type));
  for (int i = 0; i < tensor.dims->size; ++i) {
    printf(i > 0 ? ", %d" : "%d", tensor.dims->data[i]);
  }
  printf("]}\n");
  return 0;
}

// ---- the model ---------------------------------------------------------------------------

int Feed(const Request& request, tflite::Interpreter* interpreter) {
  const std::vector<int>& places = interpreter->inputs();
  if (places.size() != request.inputs.size()) {
    return Fail("the model has " + std::to_string(places.size()) + " inputs");
  }
  for (size_t i = 0; i < places.size(); ++i) {
    const Input& input = request.inputs[i];
    const TfLiteTensor* tensor = interpreter->tensor(places[i]);
    if (input.dtype != TypeName(tensor->type)) {
      return Fail("input " + input.name + " is of type " + TypeName(tensor->type));
    }
    const std::vector<int> own(tensor->dims->data, tensor->dims->data + tensor->dims->size);
    if (own != input.shape &&
        interpreter->ResizeInputTensor(places[i], input.shape) != kTfLiteOk) {
      return Fail("input " + input.name + " cannot have the shape that was given");
    }
  }
  if (interpreter->AllocateTensors() != kTfLiteOk) return Fail("allocating tensors failed");
  for (size_t i = 0; i < places.size(); ++i) {
    std::vector<char> content;
    const Input& input = request.inputs[i];
    if (!ReadFile(input.file, &content) || !Fill(interpreter->tensor(places[i]), content)) {
      return Fail("cannot read input " + input.name + " from " + input.file);
    }
  }
  return 0;
}

int RunModel(const Request& request) {
  const double start = Milliseconds();
  const auto model = tflite::FlatBufferModel::BuildFromFile(request.model.c_str());
  if (model == nullptr) return Fail("cannot load " + request.model);
  const double loaded = Milliseconds();
  const std::unique_ptr<tflite::MutableOpResolver> resolver = tflite::CreateOpResolver();
  std::unique_ptr<tflite::Interpreter> interpreter;
  if (tflite::InterpreterBuilder(*model, *resolver)(&interpreter, 1) != kTfLiteOk) {
    return Fail("making an interpreter of " + request.model + " failed");
  }
  if (const int code = Feed(request, interpreter.get())) return code;
  const double made = Milliseconds();
  if (interpreter->Invoke() != kTfLiteOk) return Fail("running " + request.model + " failed");
  const double done = Milliseconds();
  const std::vector<int>& places = interpreter->outputs();
  if (places.size() != request.outputs.size()) {
    return Fail("the model has " + std::to_string(places.size()) + " outputs");
  }
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string path = request.out + "/" + std::to_string(i) + ".bin";
    const TfLiteTensor& tensor = *interpreter->tensor(places[i]);
    if (const int code = WriteOutput(tensor, request.outputs[i], path)) return code;
  }
  printf("{\"timings\": {\"load\": %.3f, \"create\": %.3f, \"run\": %.3f}, \"peak_kib\": %ld}\n",
         loaded - start, made - loaded, done - made, PeakKib());
  return 0;
}

int ParseArguments(int argc, char** argv, Request* request) {
  for (int i = 1; i < argc;) {
    const std::string word = argv[i];
    const int left = argc - i - 1;
    if (word == "--session" || word == "--kernels") {
      request->mode = word;
      i += 1;
    } else if (word == "--custom" && left >= 1) {
      request->customs.emplace_back(argv[i + 1]);
      i += 2;
    } else if (word == "--run" && left >= 1) {
      request->mode = word;
      request->model = argv[i + 1];
      i += 2;
    } else if (word == "--input" && left >= 4) {
      Input input{argv[i + 1], argv[i + 2], {}, argv[i + 4]};
      if (!ParseShape(argv[i + 3], &input.shape)) return Usage("no shape: " + word);
      request->inputs.push_back(input);
      i += 5;
    } else if (word == "--output" && left >= 1) {
      request->outputs.emplace_back(argv[i + 1]);
      i += 2;
    } else if (word == "--out" && left >= 1) {
      request->out = argv[i + 1];
      i += 2;
    } else {
      return Usage("cannot understand " + word);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  if (const int code = ParseArguments(argc, argv, &request)) return code;
  if (request.mode == "--session") return ProveSession();
  if (request.mode == "--kernels") return ListKernels(request);
  if (request.mode != "--run") return Usage("nothing to do");
  if (request.outputs.empty() || request.out.empty()) return Usage("--run needs --output and --out");
  return RunModel(request);
}
