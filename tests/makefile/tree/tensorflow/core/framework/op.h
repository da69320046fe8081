// The registry of ops, which static constructors fill.
#ifndef TENSORFLOW_CORE_FRAMEWORK_OP_H_
#define TENSORFLOW_CORE_FRAMEWORK_OP_H_

#include <map>
#include <memory>

#include "tensorflow/core/framework/op_def_builder.h"
#include "tensorflow/core/framework/selective_registration.h"
#include "tensorflow/core/platform/macros.h"

namespace tensorflow {

class OpList;

class OpRegistry {
 public:
  static OpRegistry* Global();

  void Register(const OpDefBuilder& builder);
  Status LookUpOpDef(const string& name, const OpDef** def) const;
  // Ops whose names begin with "_" are internal.
  void Export(bool include_internal, OpList* ops) const;

 private:
  std::map<string, std::unique_ptr<OpDef>> ops_;
};

namespace register_op {

template <bool should_register>
class OpDefBuilderWrapper;

template <>
class OpDefBuilderWrapper<true> {
 public:
  explicit OpDefBuilderWrapper(const char* name) : builder_(name) {}
  OpDefBuilderWrapper<true>& Attr(StringPiece spec) {
    builder_.Attr(spec);
    return *this;
  }
  OpDefBuilderWrapper<true>& Input(StringPiece spec) {
    builder_.Input(spec);
    return *this;
  }
  OpDefBuilderWrapper<true>& Output(StringPiece spec) {
    builder_.Output(spec);
    return *this;
  }
  OpDefBuilderWrapper<true>& SetIsStateful() {
    builder_.SetIsStateful();
    return *this;
  }
  OpDefBuilderWrapper<true>& SetShapeFn(OpDefBuilder::ShapeFn fn) {
    builder_.SetShapeFn(fn);
    return *this;
  }
  OpDefBuilderWrapper<true>& Doc(StringPiece text) {
    builder_.Doc(text);
    return *this;
  }
  const OpDefBuilder& builder() const { return builder_; }

 private:
  OpDefBuilder builder_;
};

// Takes the same words and leaves nothing of them in the program.
template <>
class OpDefBuilderWrapper<false> {
 public:
  typedef OpDefBuilderWrapper<false> Self;
  explicit constexpr OpDefBuilderWrapper(const char*) {}
  constexpr const Self& Attr(const char*) const { return *this; }
  constexpr const Self& Input(const char*) const { return *this; }
  constexpr const Self& Output(const char*) const { return *this; }
  constexpr const Self& SetIsStateful() const { return *this; }
  constexpr const Self& SetShapeFn(OpDefBuilder::ShapeFn) const { return *this; }
  constexpr const Self& Doc(const char*) const { return *this; }
};

struct OpDefBuilderReceiver {
  OpDefBuilderReceiver(const OpDefBuilderWrapper<true>& wrapper);  // NOLINT
  constexpr OpDefBuilderReceiver(const OpDefBuilderWrapper<false>&) {}  // NOLINT
};

}  // namespace register_op

#define REGISTER_OP(name) REGISTER_OP_UNIQ_HELPER(__COUNTER__, name)
#define REGISTER_OP_UNIQ_HELPER(ctr, name) REGISTER_OP_UNIQ(ctr, name)
#define REGISTER_OP_UNIQ(ctr, name)                                                              \
  static ::tensorflow::register_op::OpDefBuilderReceiver register_op##ctr TF_ATTRIBUTE_UNUSED = \
      ::tensorflow::register_op::OpDefBuilderWrapper<SHOULD_REGISTER_OP(name)>(name)

// For ops that are registered whatever is selected.
#define REGISTER_SYSTEM_OP(name) REGISTER_SYSTEM_OP_UNIQ_HELPER(__COUNTER__, name)
#define REGISTER_SYSTEM_OP_UNIQ_HELPER(ctr, name) REGISTER_SYSTEM_OP_UNIQ(ctr, name)
#define REGISTER_SYSTEM_OP_UNIQ(ctr, name)                                                       \
  static ::tensorflow::register_op::OpDefBuilderReceiver register_op##ctr TF_ATTRIBUTE_UNUSED = \
      ::tensorflow::register_op::OpDefBuilderWrapper<true>(name)

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_OP_H_
