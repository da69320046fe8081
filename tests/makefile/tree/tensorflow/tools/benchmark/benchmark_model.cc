// benchmark --graph=FILE [--target=NODE]: loads a frozen graph, and runs a node of it.
#include <stdio.h>

#include <memory>

#include "tensorflow/core/lib/hash/hash.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/version.h"
#include "tensorflow/core/util/command_line_flags.h"

namespace tensorflow {

int BenchmarkMain(int argc, char** argv) {
  const string path = Flag(argc, argv, "graph", "");
  const string target = Flag(argc, argv, "target", "");
  std::unique_ptr<Session> session(NewSession(SessionOptions()));
  if (session == nullptr) return 1;
  GraphDef graph;
  Status status = ReadBinaryProto(Env::Default(), path, &graph);
  if (status.ok()) status = session->Create(graph);
  std::vector<Tensor> outputs;
  if (status.ok() && !target.empty()) status = session->Run({}, {}, {target}, &outputs);
  printf("%s %s %llx: %s\n", TF_VERSION_STRING, tf_git_version(), Hash64(path),
         status.ToString().c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace tensorflow
