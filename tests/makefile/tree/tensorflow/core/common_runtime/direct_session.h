#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_DIRECT_SESSION_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_DIRECT_SESSION_H_

#include <memory>

#include "tensorflow/core/common_runtime/device.h"
#include "tensorflow/core/public/session.h"

namespace tensorflow {

// Runs a graph in this process.
class DirectSession : public Session {
 public:
  explicit DirectSession(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  Status Create(const GraphDef& graph) override;
  Status Run(const std::vector<std::pair<string, Tensor>>& inputs,
             const std::vector<string>& output_tensor_names,
             const std::vector<string>& target_node_names, std::vector<Tensor>* outputs) override;
  Status Close() override { return Status::OK(); }

 private:
  std::unique_ptr<Device> device_;
  GraphDef graph_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_DIRECT_SESSION_H_
