// The part of an app that uses TensorFlow: it makes a graph and runs it, after the other part has
// kept the graph in a message of its own protobuf.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/public/session.h"

std::string Kept(const std::string& bytes);
void TellOwn();

int main() {
  tensorflow::GraphDef made, graph;
  made.mutable_versions()->set_producer(26);
  tensorflow::NodeDef* x = made.add_node();
  x->set_name("x");
  x->set_op("Placeholder");
  (*x->mutable_attr())["dtype"].set_type(tensorflow::DT_FLOAT);
  tensorflow::NodeDef* y = made.add_node();
  y->set_name("y");
  y->set_op("Relu");
  y->add_input("x");
  (*y->mutable_attr())["T"].set_type(tensorflow::DT_FLOAT);

  TellOwn();
  bool read = graph.ParseFromString(Kept(made.SerializeAsString()));
  std::printf("graph of %d nodes: %d\n", graph.node_size(), read);

  std::unique_ptr<tensorflow::Session> session(
      tensorflow::NewSession(tensorflow::SessionOptions()));
  if (!session || !session->Create(graph).ok()) return 1;
  tensorflow::Tensor input(tensorflow::DT_FLOAT, tensorflow::TensorShape({4}));
  for (int i = 0; i < 4; ++i) input.flat<float>()(i) = i - 1.5f;
  std::vector<tensorflow::Tensor> outputs;
  if (!session->Run({{"x", input}}, {"y"}, {}, &outputs).ok()) return 2;
  for (int i = 0; i < 4; ++i) {
    std::printf("%g%c", outputs[0].flat<float>()(i), i < 3 ? ' ' : '\n');
  }
}
