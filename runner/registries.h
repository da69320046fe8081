// Lists what TensorFlow has registered in the running program, as runner.cc says of --kernels.

#ifndef RUNNER_REGISTRIES_H_
#define RUNNER_REGISTRIES_H_

#include <cstdio>
#include <string>
#include <vector>

#include "printing.h"
#include "tensorflow/core/framework/kernel_def.pb.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_def.pb.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/public/version.h"

// TensorFlow 1.12 is the oldest of the releases we know that gives its kernels as messages.
#if TF_MAJOR_VERSION > 1 || TF_MINOR_VERSION >= 12
#define RUNNER_HAS_KERNEL_LIST 1
#endif

namespace {

#ifdef RUNNER_HAS_KERNEL_LIST

// Types come under "types"; the few constraints on numbers and strings under "values".
void PrintConstraint(const tensorflow::KernelDef::AttrConstraint& constraint) {
  const auto& allowed = constraint.allowed_values().list();
  printf("{");
  PrintKey("attr", constraint.name());
  printf(", \"types\": [");
  for (int i = 0; i < allowed.type_size(); ++i) {
    if (i > 0) printf(", ");
    PrintString(tensorflow::DataTypeString(allowed.type(i)));
  }
  printf("], \"values\": [");
  const char* comma = "";
  for (int i = 0; i < allowed.i_size(); ++i, comma = ", ") {
    printf("%s\"%lld\"", comma, static_cast<long long>(allowed.i(i)));
  }
  for (int i = 0; i < allowed.b_size(); ++i, comma = ", ") {
    printf("%s\"%s\"", comma, allowed.b(i) ? "true" : "false");
  }
  for (int i = 0; i < allowed.s_size(); ++i, comma = ", ") {
    printf("%s", comma);
    PrintString(allowed.s(i));
  }
  printf("]}");
}

void PrintKernel(const tensorflow::KernelDef& kernel) {
  printf("{");
  PrintKey("kernel", kernel.op());
  printf(", ");
  PrintKey("device", kernel.device_type());
  printf(", ");
  PrintKey("label", kernel.label());
  printf(", \"priority\": %d, \"constraints\": [", static_cast<int>(kernel.priority()));
  for (int i = 0; i < kernel.constraint_size(); ++i) {
    if (i > 0) printf(", ");
    PrintConstraint(kernel.constraint(i));
  }
  printf("]}\n");
}

void ListKernels(const tensorflow::OpList&) {
  const tensorflow::KernelList kernels = tensorflow::GetAllRegisteredKernels();
  for (const auto& kernel : kernels.kernel()) {
    PrintKernel(kernel);
  }
}

#else

// Older releases tell the kernels of an op in words, one line for each:
//   device='CPU'; label='x'; T in [DT_FLOAT, DT_INT32]; data_format in ["NHWC"]
// What holds types is told as DT_ names, which differ from DataTypeString by case alone.

std::vector<std::string> Split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end; (end = text.find(separator, start)) != std::string::npos;) {
    parts.push_back(text.substr(start, end - start));
    start = end + separator.size();
  }
  parts.push_back(text.substr(start));
  return parts;
}

// What stands between the first and the last quotation mark of this kind.
std::string Unquoted(const std::string& text, char mark) {
  const size_t start = text.find(mark), end = text.rfind(mark);
  return start < end ? text.substr(start + 1, end - start - 1) : text;
}

std::string TypeName(const std::string& text) {
  std::string name = text.substr(3);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return name;
}

void PrintConstraint(const std::string& text) {
  const std::vector<std::string> sides = Split(text, " in [");
  std::vector<std::string> types, values;
  for (const std::string& item : Split(sides.back().substr(0, sides.back().find(']')), ", ")) {
    if (item.compare(0, 3, "DT_") == 0) {
      types.push_back(TypeName(item));
    } else {
      values.push_back(Unquoted(item, '"'));
    }
  }
  printf("{");
  PrintKey("attr", sides.front());
  const char* key = "types";
  for (const auto* list : {&types, &values}) {
    printf(", \"%s\": [", key);
    for (size_t i = 0; i < list->size(); ++i) {
      if (i > 0) printf(", ");
      PrintString((*list)[i]);
    }
    printf("]");
    key = "values";
  }
  printf("}");
}

void PrintKernel(const std::string& op, const std::string& line) {
  std::string device, label;
  std::vector<std::string> constraints;
  for (const std::string& part : Split(line, "; ")) {
    if (part.find("device='") != std::string::npos) {
      device = Unquoted(part, '\'');
    } else if (part.compare(0, 7, "label='") == 0) {
      label = Unquoted(part, '\'');
    } else {
      constraints.push_back(part);
    }
  }
  printf("{");
  PrintKey("kernel", op);
  printf(", ");
  PrintKey("device", device);
  printf(", ");
  PrintKey("label", label);
  printf(", \"priority\": 0, \"constraints\": [");
  for (size_t i = 0; i < constraints.size(); ++i) {
    if (i > 0) printf(", ");
    PrintConstraint(constraints[i]);
  }
  printf("]}\n");
}

// A kernel whose op is not registered can never run, and is not told.
void ListKernels(const tensorflow::OpList& ops) {
  for (const auto& op : ops.op()) {
    for (const std::string& line : Split(tensorflow::KernelsRegisteredForOp(op.name()), "\n")) {
      if (line.find("device='") != std::string::npos) PrintKernel(op.name(), line);
    }
  }
}

#endif  // RUNNER_HAS_KERNEL_LIST

int ListRegistries() {
  tensorflow::OpList ops;
  tensorflow::OpRegistry::Global()->Export(/*include_internal=*/true, &ops);
  for (const auto& op : ops.op()) {
    printf("{");
    PrintKey("op", op.name());
    printf("}\n");
  }
  ListKernels(ops);
  return 0;
}

}  // namespace

#endif  // RUNNER_REGISTRIES_H_
