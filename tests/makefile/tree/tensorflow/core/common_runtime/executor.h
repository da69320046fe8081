#ifndef TENSORFLOW_CORE_COMMON_RUNTIME_EXECUTOR_H_
#define TENSORFLOW_CORE_COMMON_RUNTIME_EXECUTOR_H_

#include <vector>

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class CallFrameInterface;
class Device;
class Graph;

// Runs the nodes `roots` and all that they need.
Status RunGraph(const Graph& graph, const std::vector<int>& roots, Device* device,
                CallFrameInterface* call_frame);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_COMMON_RUNTIME_EXECUTOR_H_
