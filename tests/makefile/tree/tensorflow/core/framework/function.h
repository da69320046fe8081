// How arguments get into a graph and results get out of it.
#ifndef TENSORFLOW_CORE_FRAMEWORK_FUNCTION_H_
#define TENSORFLOW_CORE_FRAMEWORK_FUNCTION_H_

#include <vector>

#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class CallFrameInterface {
 public:
  virtual ~CallFrameInterface() {}
  virtual Status GetArg(int index, Tensor* value) const = 0;
  virtual Status SetRetval(int index, const Tensor& value) = 0;
};

class FunctionCallFrame : public CallFrameInterface {
 public:
  FunctionCallFrame(std::vector<Tensor> args, int num_rets)
      : args_(std::move(args)), rets_(num_rets) {}
  Status GetArg(int index, Tensor* value) const override;
  Status SetRetval(int index, const Tensor& value) override;
  const std::vector<Tensor>& rets() const { return rets_; }

 private:
  std::vector<Tensor> args_, rets_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_FUNCTION_H_
