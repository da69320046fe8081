#include "tensorflow/core/common_runtime/direct_session.h"

#include "tensorflow/core/common_runtime/device_factory.h"
#include "tensorflow/core/common_runtime/executor.h"
#include "tensorflow/core/common_runtime/session_factory.h"
#include "tensorflow/core/framework/function.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/graph/graph_constructor.h"
#include "tensorflow/core/graph/subgraph.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

namespace {

class DirectSessionFactory : public SessionFactory {
 public:
  bool AcceptsOptions(const SessionOptions& options) override { return options.target.empty(); }

  Session* NewSession(const SessionOptions& options) override {
    std::unique_ptr<Device> device;
    const Status status = DeviceFactory::NewDevice(DEVICE_CPU, &device);
    if (status.ok()) return new DirectSession(std::move(device));
    internal::Warn(status.ToString());
    return nullptr;
  }
};

class DirectSessionRegistrar {
 public:
  DirectSessionRegistrar() {
    SessionFactory::Register("DIRECT_SESSION", new DirectSessionFactory());
  }
};

// Nothing else names this: a linker that may drop what nobody asks for drops it.
DirectSessionRegistrar registrar;

}  // namespace

// Finds unknown ops. Attributes are looked at when a node first runs.
Status DirectSession::Create(const GraphDef& graph) {
  Graph made(OpRegistry::Global());
  TF_RETURN_IF_ERROR(ConvertGraphDefToGraph(graph, &made));
  graph_ = graph;
  return Status::OK();
}

Status DirectSession::Run(const std::vector<std::pair<string, Tensor>>& inputs,
                          const std::vector<string>& output_tensor_names,
                          const std::vector<string>& target_node_names,
                          std::vector<Tensor>* outputs) {
  Graph graph(OpRegistry::Global());
  TF_RETURN_IF_ERROR(ConvertGraphDefToGraph(graph_, &graph));
  std::vector<Endpoint> feeds(inputs.size()), fetches(output_tensor_names.size());
  std::vector<DataType> types;
  std::vector<Tensor> args;
  for (size_t i = 0; i < inputs.size(); ++i) {
    TF_RETURN_IF_ERROR(ParseEndpoint(inputs[i].first, graph, &feeds[i]));
    types.push_back(inputs[i].second.dtype());
    args.push_back(inputs[i].second);
  }
  for (size_t i = 0; i < fetches.size(); ++i) {
    TF_RETURN_IF_ERROR(ParseEndpoint(output_tensor_names[i], graph, &fetches[i]));
  }
  std::vector<int> roots;
  TF_RETURN_IF_ERROR(subgraph::RewriteGraphForExecution(feeds, types, fetches, &graph, &roots));
  for (const string& target : target_node_names) {
    Endpoint endpoint;
    TF_RETURN_IF_ERROR(ParseEndpoint(target, graph, &endpoint));
    roots.push_back(endpoint.node);
  }
  FunctionCallFrame call_frame(std::move(args), static_cast<int>(fetches.size()));
  TF_RETURN_IF_ERROR(RunGraph(graph, roots, device_.get(), &call_frame));
  *outputs = call_frame.rets();
  return Status::OK();
}

}  // namespace tensorflow
