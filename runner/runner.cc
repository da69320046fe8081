// Proves a built library on the machine it was built for: linked with the library exactly as an
// app would be, it says what the library registers and runs a model.
//
//   runner --session
//   runner --kernels
//   runner --run MODEL.pb [--input NAME DTYPE SHAPE FILE]... --output NAME... --out DIR
//          [--init NODE]... [--steps N | --profile RUNS SECONDS]
//
// --session ends with 0 if a session can be made. --kernels writes one JSON object per line for
// every op and every kernel in the registries. --run feeds the FILEs to the frozen GraphDef and
// writes output number i to DIR/i.bin, one JSON line for each, then one with the timings (in
// milliseconds) and the peak memory (in KiB; under an emulator that of the emulator and the
// program together). The NODEs are run once before. With N steps the model runs N times in one
// session, and the outputs of a later step are numbered on from those of the step before it.
//
// With --profile no output is written. The model runs RUNS times as an app would run it, and then
// RUNS times with TensorFlow's own tracing; each of the two ends early once it has taken SECONDS.
// One JSON line for each run tells how many milliseconds it took. DIR/profile.bin has the message
// StepStats of each traced run, after its length in bytes (unsigned, 32 bits).
//
// DTYPE is TensorFlow's lower-case name (float, int32, string), SHAPE is dimensions joined by
// commas, empty for a scalar. A FILE holds the elements row by row, little-endian; a string is
// its length in bytes (unsigned, 32 bits) and then its bytes.
//
// An error is one line on standard error that starts with "runner: "; the exit code is 1, or 2
// for a wrong command line.
//
// With RUNNER_MAPS_MODELS, a MODEL that ends in .memmapped is mapped into memory.
//
// The size of this program is measured as the size of an app, so it uses no stream, no text
// format and no reflection of its own.

#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/protobuf/config.pb.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/version.h"

// Every release has this message; a tree that somebody cut down may not.
#if !defined(__has_include)
#define RUNNER_PROFILES 1
#elif __has_include("tensorflow/core/framework/step_stats.pb.h")
#define RUNNER_PROFILES 1
#endif
#ifdef RUNNER_PROFILES
#include "tensorflow/core/framework/step_stats.pb.h"
#endif

#ifdef RUNNER_MAPS_MODELS
#include "tensorflow/core/util/memmapped_file_system.h"
#endif

#include "common.h"
#include "printing.h"
#include "registries.h"

namespace {

using tensorflow::DataType;
using tensorflow::Status;
using tensorflow::Tensor;
#if TF_MAJOR_VERSION > 1
using tensorflow::tstring;
#else
using tstring = std::string;
#endif

struct Request {
  std::string mode;
  std::string model;
  std::string out;
  std::vector<std::pair<std::string, Tensor>> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> init;
  int steps = 1;
  int profiled = 0;
  int seconds = 0;
};

int Fail(const std::string& text) { return Complain(text.c_str()); }

int Fail(const char* step, const Status& status) {
  return Fail(std::string(step) + ": " + status.ToString());
}

// ---- tensors and files -------------------------------------------------------------------

bool ParseShape(const char* text, tensorflow::TensorShape* shape) {
  while (*text != '\0') {
    char* end = nullptr;
    const long long size = strtoll(text, &end, 10);
    if (end == text || size < 0 || (*end != '\0' && *end != ',')) return false;
    shape->AddDim(size);
    text = *end == ',' ? end + 1 : end;
  }
  return true;
}

bool ReadStrings(FILE* file, Tensor* tensor) {
  struct stat info;
  if (fstat(fileno(file), &info) != 0) return false;
  auto values = tensor->flat<tstring>();
  for (int64_t i = 0; i < values.size(); ++i) {
    uint32_t length = 0;
    if (fread(&length, sizeof length, 1, file) != 1) return false;
    if (length > info.st_size) return false;
    values(i).resize(length);
    if (length > 0 && fread(&values(i)[0], 1, length, file) != length) return false;
  }
  return true;
}

bool WriteStrings(FILE* file, const Tensor& tensor) {
  const auto values = tensor.flat<tstring>();
  for (int64_t i = 0; i < values.size(); ++i) {
    const uint32_t length = static_cast<uint32_t>(values(i).size());
    if (fwrite(&length, sizeof length, 1, file) != 1) return false;
    if (fwrite(values(i).data(), 1, length, file) != length) return false;
  }
  return true;
}

bool ReadTensor(const char* path, Tensor* tensor) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return false;
  bool good;
  if (tensor->dtype() == tensorflow::DT_STRING) {
    good = ReadStrings(file, tensor);
  } else {
    const auto bytes = tensor->tensor_data();
    good = fread(const_cast<char*>(bytes.data()), 1, bytes.size(), file) == bytes.size();
  }
  good = good && fgetc(file) == EOF;
  fclose(file);
  return good;
}

bool WriteTensor(const std::string& path, const Tensor& tensor) {
  FILE* file = fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  bool good;
  if (tensor.dtype() == tensorflow::DT_STRING) {
    good = WriteStrings(file, tensor);
  } else {
    const auto bytes = tensor.tensor_data();
    good = fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  }
  return (fclose(file) == 0) && good;
}

// ---- running a model ---------------------------------------------------------------------

int WriteOutput(const Request& request, size_t index, const Tensor& tensor) {
  const std::string& name = request.outputs[index % request.outputs.size()];
  if (!tensorflow::DataTypeCanUseMemcpy(tensor.dtype()) &&
      tensor.dtype() != tensorflow::DT_STRING) {
    return Fail("output " + name + " has type " + tensorflow::DataTypeString(tensor.dtype()) +
                ", which has no bytes to write");
  }
  const std::string path = request.out + "/" + std::to_string(index) + ".bin";
  if (!WriteTensor(path, tensor)) return Fail("cannot write " + path);
  printf("{");
  PrintKey("output", name);
  printf(", ");
  PrintKey("dtype", tensorflow::DataTypeString(tensor.dtype()));
  printf(", \"shape\": [");
  for (int i = 0; i < tensor.dims(); ++i) {
    printf("%s%lld", i > 0 ? ", " : "", static_cast<long long>(tensor.dim_size(i)));
  }
  printf("]}\n");
  return 0;
}

#ifdef RUNNER_MAPS_MODELS

// A file that ends in .memmapped is mapped into memory: its constants are read only when a kernel
// reads them, and are never copied, which folding them would do. The session must go before the
// environment does.
Status ReadModel(const std::string& path, tensorflow::MemmappedEnv* mapped,
                 tensorflow::SessionOptions* options, tensorflow::GraphDef* graph) {
  const std::string suffix = ".memmapped";
  if (path.size() < suffix.size() ||
      path.compare(path.size() - suffix.size(), suffix.size(), suffix) != 0) {
    return tensorflow::ReadBinaryProto(tensorflow::Env::Default(), path, graph);
  }
  const Status status = mapped->InitializeFromFile(path);
  if (!status.ok()) return status;
  options->env = mapped;
  options->config.mutable_graph_options()->mutable_optimizer_options()->set_opt_level(
      tensorflow::OptimizerOptions::L0);
  return tensorflow::ReadBinaryProto(
      mapped, tensorflow::MemmappedFileSystem::kMemmappedPackageDefaultGraphDef, graph);
}

#endif  // RUNNER_MAPS_MODELS

struct Loaded {
#ifdef RUNNER_MAPS_MODELS
  tensorflow::MemmappedEnv mapped{tensorflow::Env::Default()};
#endif
  std::unique_ptr<tensorflow::Session> session;
  double read = 0, created = 0;  // milliseconds that it took
};

int LoadModel(const Request& request, Loaded* loaded) {
  const double start = Milliseconds();
  tensorflow::GraphDef graph;
  tensorflow::SessionOptions options;
#ifdef RUNNER_MAPS_MODELS
  Status status = ReadModel(request.model, &loaded->mapped, &options, &graph);
#else
  Status status =
      tensorflow::ReadBinaryProto(tensorflow::Env::Default(), request.model, &graph);
#endif
  if (!status.ok()) return Fail("reading the model", status);
  const double read = Milliseconds();

  tensorflow::Session* made = nullptr;
  status = tensorflow::NewSession(options, &made);
  if (!status.ok()) return Fail("making a session", status);
  loaded->session.reset(made);
  status = made->Create(std::move(graph));
  if (!status.ok()) return Fail("loading the graph into the session", status);
  if (!request.init.empty()) {
    status = made->Run({}, {}, request.init, nullptr);
    if (!status.ok()) return Fail("running what comes before the model", status);
  }
  loaded->read = read - start;
  loaded->created = Milliseconds() - read;
  return 0;
}

int RunModel(const Request& request) {
  Loaded loaded;
  if (const int code = LoadModel(request, &loaded)) return code;
  const double start = Milliseconds();
  std::vector<Tensor> results;
  for (int step = 0; step < request.steps; ++step) {
    std::vector<Tensor> outputs;
    const Status status = loaded.session->Run(request.inputs, request.outputs, {}, &outputs);
    if (!status.ok()) return Fail("running the model", status);
    results.insert(results.end(), outputs.begin(), outputs.end());
  }
  const double ran = Milliseconds();

  mkdir(request.out.c_str(), 0777);
  for (size_t i = 0; i < results.size(); ++i) {
    if (const int code = WriteOutput(request, i, results[i])) return code;
  }
  printf("{\"timings\": {\"read\": %.3f, \"session\": %.3f, \"run\": %.3f}, "
         "\"peak_kib\": %ld}\n",
         loaded.read, loaded.created, ran - start, PeakKib());
  return 0;
}

// ---- profiling ---------------------------------------------------------------------------

#ifdef RUNNER_PROFILES

bool WriteRecord(FILE* file, const std::string& bytes) {
  const uint32_t length = static_cast<uint32_t>(bytes.size());
  return fwrite(&length, sizeof length, 1, file) == 1 &&
         fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
}

int ProfileRuns(const Request& request, tensorflow::Session* session, bool traced, FILE* file) {
  tensorflow::RunOptions options;
  if (traced) options.set_trace_level(tensorflow::RunOptions::FULL_TRACE);
  const double start = Milliseconds();
  for (int run = 0; run < request.profiled; ++run) {
    const double began = Milliseconds();
    if (run > 0 && began - start > request.seconds * 1e3) break;
    std::vector<Tensor> outputs;
    tensorflow::RunMetadata metadata;
    const Status status =
        session->Run(options, request.inputs, request.outputs, {}, &outputs, &metadata);
    const double took = Milliseconds() - began;
    if (!status.ok()) return Fail("running the model", status);
    printf("{\"run\": %.4f, \"traced\": %s}\n", took, traced ? "true" : "false");
    if (traced && !WriteRecord(file, metadata.step_stats().SerializeAsString())) {
      return Fail("cannot write into " + request.out);
    }
  }
  return 0;
}

int ProfileModel(const Request& request) {
  Loaded loaded;
  if (const int code = LoadModel(request, &loaded)) return code;
  mkdir(request.out.c_str(), 0777);
  FILE* file = fopen((request.out + "/profile.bin").c_str(), "wb");
  if (file == nullptr) return Fail("cannot write into " + request.out);
  int code = ProfileRuns(request, loaded.session.get(), false, file);
  if (code == 0) code = ProfileRuns(request, loaded.session.get(), true, file);
  if (fclose(file) != 0 && code == 0) code = Fail("cannot write into " + request.out);
  if (code != 0) return code;
  printf("{\"timings\": {\"read\": %.3f, \"session\": %.3f}, \"peak_kib\": %ld}\n", loaded.read,
         loaded.created, PeakKib());
  return 0;
}

#else

int ProfileModel(const Request& request) {
  (void)request;
  return Fail("this tree of TensorFlow has no statistics of its runs");
}

#endif  // RUNNER_PROFILES

int ProveSession() {
  tensorflow::Session* session = nullptr;
  const Status status = tensorflow::NewSession(tensorflow::SessionOptions(), &session);
  if (!status.ok()) return Fail("making a session", status);
  delete session;
  printf("{\"session\": true}\n");
  return 0;
}

// ---- the command line --------------------------------------------------------------------

int Usage(const std::string& what) {
  Fail(what +
       " (usage: runner --session | --kernels | --run MODEL [--input NAME DTYPE SHAPE FILE]... "
       "--output NAME... --out DIR [--init NODE]... [--steps N | --profile RUNS SECONDS])");
  return 2;
}

int AddInput(char** words, Request* request) {
  DataType dtype;
  tensorflow::TensorShape shape;
  if (!tensorflow::DataTypeFromString(words[1], &dtype)) {
    return Usage(std::string("unknown type ") + words[1]);
  }
  if (!ParseShape(words[2], &shape)) return Usage(std::string("bad shape ") + words[2]);
  Tensor tensor(dtype, shape);
  if (!ReadTensor(words[3], &tensor)) {
    return Fail(std::string(words[3]) + ": cannot be read as " + words[1] + " [" + words[2] + "]");
  }
  request->inputs.emplace_back(words[0], tensor);
  return 0;
}

int ParseArguments(int argc, char** argv, Request* request) {
  for (int i = 1; i < argc;) {
    const std::string word = argv[i];
    const int left = argc - i - 1;
    if (word == "--session" || word == "--kernels") {
      request->mode = word;
      i += 1;
    } else if (word == "--run" && left >= 1) {
      request->mode = word;
      request->model = argv[i + 1];
      i += 2;
    } else if (word == "--input" && left >= 4) {
      if (const int code = AddInput(argv + i + 1, request)) return code;
      i += 5;
    } else if (word == "--output" && left >= 1) {
      request->outputs.emplace_back(argv[i + 1]);
      i += 2;
    } else if (word == "--init" && left >= 1) {
      request->init.emplace_back(argv[i + 1]);
      i += 2;
    } else if (word == "--steps" && left >= 1) {
      request->steps = atoi(argv[i + 1]);
      i += 2;
    } else if (word == "--profile" && left >= 2) {
      request->profiled = atoi(argv[i + 1]);
      request->seconds = atoi(argv[i + 2]);
      i += 3;
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
  if (request.mode == "--kernels") return ListRegistries();
  if (request.mode != "--run") return Usage("nothing to do");
  if (request.outputs.empty() || request.out.empty()) return Usage("--run needs --output and --out");
  return request.profiled > 0 ? ProfileModel(request) : RunModel(request);
}
