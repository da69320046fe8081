#include "tensorflow/core/framework/op.h"

#include <ctype.h>
#include <stdlib.h>

#include "tensorflow/core/framework/op_def.pb.h"
#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

namespace {

string Trim(const string& text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// What stands before and after the first `mark`; all before it if there is none.
std::pair<string, string> Split(const string& text, const string& mark) {
  const size_t place = text.find(mark);
  if (place == string::npos) return {Trim(text), ""};
  return {Trim(text.substr(0, place)), Trim(text.substr(place + mark.size()))};
}

// float or DT_FLOAT. Ops are registered before main() begins, when tables of protobuf's may not be
// there yet; a switch is.
bool ParseType(string text, DataType* type) {
  if (text.compare(0, 3, "DT_") == 0) {
    text = text.substr(3);
    for (char& c : text) c = static_cast<char>(tolower(c));
  }
  return DataTypeFromString(text, type);
}

bool ParseDefault(const string& kind, const string& text, AttrValue* value) {
  if (kind == "type") {
    DataType type;
    if (!ParseType(text, &type)) return false;
    value->set_type(type);
  } else if (kind == "bool") {
    value->set_b(text == "true");
  } else if (kind == "int") {
    value->set_i(strtoll(text.c_str(), nullptr, 10));
  } else if (kind == "float") {
    value->set_f(strtof(text.c_str(), nullptr));
  } else if (kind == "string" && text.size() >= 2) {
    value->set_s(text.substr(1, text.size() - 2));
  } else if (kind == "shape") {
    value->mutable_shape()->set_unknown_rank(true);
  } else {
    return false;
  }
  return true;
}

bool ParseAllowed(string list, OpDef::AttrDef* attr) {
  if (list == "numbertype" || list == "realnumbertype") {
    list = "float, double, int32, uint8, int16, int8, int64";
  }
  attr->set_type("type");
  while (!list.empty()) {
    const auto parts = Split(list, ",");
    DataType type;
    if (!ParseType(parts.first, &type)) return false;
    attr->mutable_allowed_values()->mutable_list()->add_type(type);
    list = parts.second;
  }
  return true;
}

bool ParseAttr(const string& spec, OpDef::AttrDef* attr) {
  const auto named = Split(spec, ":");
  attr->set_name(named.first);
  string kind = named.second;
  string standard;
  if (kind.find(">=") != string::npos) {
    kind = Split(kind, ">=").first;
  } else if (kind[0] == '{') {
    const auto listed = Split(kind.substr(1), "}");
    standard = Split(listed.second, "=").second;
    if (!ParseAllowed(listed.first, attr)) return false;
    kind = "type";
  } else {
    const auto parts = Split(kind, "=");
    kind = parts.first;
    standard = parts.second;
    if (kind == "numbertype" || kind == "realnumbertype") {
      if (!ParseAllowed(kind, attr)) return false;
      kind = "type";
    }
  }
  attr->set_type(kind);
  return standard.empty() || ParseDefault(kind, standard, attr->mutable_default_value());
}

bool ParseArg(const string& spec, OpDef::ArgDef* arg) {
  const auto named = Split(spec, ":");
  arg->set_name(named.first);
  string type = named.second;
  if (type.find('*') != string::npos) {
    const auto times = Split(type, "*");
    arg->set_number_attr(times.first);
    type = times.second;
  }
  DataType fixed;
  if (ParseType(type, &fixed)) {
    arg->set_type(fixed);
  } else {
    arg->set_type_attr(type);
  }
  return !arg->name().empty() && !type.empty();
}

}  // namespace

OpDefBuilder& OpDefBuilder::Attr(StringPiece spec) {
  attrs_.push_back(spec.ToString());
  return *this;
}

OpDefBuilder& OpDefBuilder::Input(StringPiece spec) {
  inputs_.push_back(spec.ToString());
  return *this;
}

OpDefBuilder& OpDefBuilder::Output(StringPiece spec) {
  outputs_.push_back(spec.ToString());
  return *this;
}

OpDefBuilder& OpDefBuilder::SetIsStateful() {
  stateful_ = true;
  return *this;
}

OpDefBuilder& OpDefBuilder::SetShapeFn(ShapeFn fn) { return *this; }

OpDefBuilder& OpDefBuilder::Doc(StringPiece text) { return *this; }

Status OpDefBuilder::Finalize(OpDef* def) const {
  def->set_name(name_);
  def->set_is_stateful(stateful_);
  bool good = true;
  for (const string& spec : attrs_) good = ParseAttr(spec, def->add_attr()) && good;
  for (const string& spec : inputs_) good = ParseArg(spec, def->add_input_arg()) && good;
  for (const string& spec : outputs_) good = ParseArg(spec, def->add_output_arg()) && good;
  return good ? Status::OK() : errors::InvalidArgument("cannot read what op ", name_, " takes");
}

OpRegistry* OpRegistry::Global() {
  static OpRegistry* registry = new OpRegistry;
  return registry;
}

void OpRegistry::Register(const OpDefBuilder& builder) {
  std::unique_ptr<OpDef> def(new OpDef);
  TF_CHECK_OK(builder.Finalize(def.get()));
  const string name = def->name();
  if (!ops_.emplace(name, std::move(def)).second) {
    TF_CHECK_OK(errors::AlreadyExists("Op with name ", name));
  }
}

Status OpRegistry::LookUpOpDef(const string& name, const OpDef** def) const {
  const auto found = ops_.find(name);
  if (found == ops_.end()) {
    return errors::NotFound("Op type not registered '", name, "' in this binary");
  }
  *def = found->second.get();
  return Status::OK();
}

void OpRegistry::Export(bool include_internal, OpList* ops) const {
  for (const auto& entry : ops_) {
    if (include_internal || entry.first[0] != '_') *ops->add_op() = *entry.second;
  }
}

namespace register_op {

OpDefBuilderReceiver::OpDefBuilderReceiver(const OpDefBuilderWrapper<true>& wrapper) {
  OpRegistry::Global()->Register(wrapper.builder());
}

}  // namespace register_op
}  // namespace tensorflow
