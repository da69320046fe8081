// Makes an OpDef out of what REGISTER_OP says.
#ifndef TENSORFLOW_CORE_FRAMEWORK_OP_DEF_BUILDER_H_
#define TENSORFLOW_CORE_FRAMEWORK_OP_DEF_BUILDER_H_

#include <vector>

#include "tensorflow/core/lib/core/status.h"

namespace tensorflow {

class OpDef;
namespace shape_inference {
class InferenceContext;
}  // namespace shape_inference

class OpDefBuilder {
 public:
  typedef Status (*ShapeFn)(shape_inference::InferenceContext*);

  explicit OpDefBuilder(StringPiece name) : name_(name.ToString()) {}
  // "N: int >= 2", "T: {float, int32} = DT_FLOAT", "transpose_a: bool = false", "shape: shape = {}"
  OpDefBuilder& Attr(StringPiece spec);
  // "a: T", "values: N * T", "x: float"
  OpDefBuilder& Input(StringPiece spec);
  OpDefBuilder& Output(StringPiece spec);
  OpDefBuilder& SetIsStateful();
  OpDefBuilder& SetShapeFn(ShapeFn fn);  // shapes are not inferred here
  OpDefBuilder& Doc(StringPiece text);

  Status Finalize(OpDef* def) const;

 private:
  string name_;
  std::vector<string> attrs_, inputs_, outputs_;
  bool stateful_ = false;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_OP_DEF_BUILDER_H_
