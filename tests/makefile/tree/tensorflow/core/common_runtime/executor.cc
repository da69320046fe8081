#include "tensorflow/core/common_runtime/executor.h"

#include <map>

#include "tensorflow/core/common_runtime/device.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/graph/algorithm.h"
#include "tensorflow/core/graph/subgraph.h"

namespace tensorflow {

namespace {

typedef std::map<int, std::vector<Tensor>> Results;

Status Gather(const Node& node, const Results& results, std::vector<Tensor>* inputs) {
  for (const Endpoint& input : node.inputs) {
    if (input.index < 0) continue;
    const std::vector<Tensor>& outputs = results.at(input.node);
    if (input.index >= static_cast<int>(outputs.size())) {
      return errors::InvalidArgument("output ", input.index, " is asked of a node that has ",
                                     outputs.size());
    }
    inputs->push_back(outputs[input.index]);
  }
  return Status::OK();
}

Status RunNode(const Node& node, Device* device, CallFrameInterface* call_frame, Results* results,
               int id) {
  TF_RETURN_IF_ERROR(ValidateNodeDef(*node.def, *node.op_def));
  std::unique_ptr<OpKernel> kernel;
  TF_RETURN_IF_ERROR(CreateOpKernel(device->device_type(), *node.def, &kernel));
  std::vector<Tensor> inputs;
  TF_RETURN_IF_ERROR(Gather(node, *results, &inputs));
  std::vector<DataType> types;
  TF_RETURN_IF_ERROR(subgraph::OutputTypes(node, &types));
  const int count = static_cast<int>(types.size());
  OpKernelContext context(std::move(inputs), count, call_frame);
  for (int i = 0; i < count; ++i) context.set_output_type(i, types[i]);
  device->Compute(kernel.get(), &context);
  (*results)[id] = context.outputs();
  return context.status();
}

}  // namespace

Status RunGraph(const Graph& graph, const std::vector<int>& roots, Device* device,
                CallFrameInterface* call_frame) {
  Results results;
  for (int id : NeededInOrder(graph, roots)) {
    TF_RETURN_IF_ERROR(RunNode(graph.node(id), device, call_frame, &results, id));
  }
  return Status::OK();
}

}  // namespace tensorflow
