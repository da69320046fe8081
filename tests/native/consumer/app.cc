// app MODEL.pb INPUT OUTPUT: feeds 64 floats from the file INPUT to the digits model and writes the
// probabilities to OUTPUT. It uses nothing but what every TensorFlow app uses.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor_util.h"
#include "tensorflow/core/lib/strings/stringprintf.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/platform/logging.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/session_options.h"
#include "tensorflow/core/public/version.h"

namespace {

tensorflow::Status Run(const char* model, const char* input, const char* output) {
  tensorflow::GraphDef graph;
  auto* env = tensorflow::Env::Default();
  TF_RETURN_IF_ERROR(tensorflow::ReadBinaryProto(env, model, &graph));

  tensorflow::SessionOptions options;
  options.config.set_intra_op_parallelism_threads(1);
  options.config.set_inter_op_parallelism_threads(1);
  std::unique_ptr<tensorflow::Session> session;
  tensorflow::Session* made = nullptr;
  TF_RETURN_IF_ERROR(tensorflow::NewSession(options, &made));
  session.reset(made);
  TF_RETURN_IF_ERROR(session->Create(graph));

  std::string bytes;
  TF_RETURN_IF_ERROR(tensorflow::ReadFileToString(env, input, &bytes));
  tensorflow::Tensor x(tensorflow::DT_FLOAT, {1, 64});
  auto values = x.flat<float>();
  if (bytes.size() != values.size() * sizeof(float)) {
    return tensorflow::errors::InvalidArgument("the input has ", bytes.size(), " bytes");
  }
  std::memcpy(values.data(), bytes.data(), bytes.size());

  std::vector<tensorflow::Tensor> outputs;
  TF_RETURN_IF_ERROR(session->Run({{"x", x}}, {"probabilities"}, {}, &outputs));
  tensorflow::StringPiece found = outputs[0].tensor_data();
  return tensorflow::WriteStringToFile(env, output, std::string(found));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  tensorflow::Status status = Run(argv[1], argv[2], argv[3]);
  if (!status.ok()) LOG(ERROR) << TF_VERSION_STRING << ": " << status;
  return status.ok() ? 0 : 1;
}
