// Stands in for the model of an app: what it is fed comes out.
#include <cstdio>

#include "model.h"

struct Model::Parts {};

const std::vector<Loading>& LoadingWays() {
  static const std::vector<Loading> ways = {Loading::kFile, Loading::kMemory};
  return ways;
}

Model::Model() {}
Model::~Model() = default;

bool Model::Load(const std::string& path, Loading, std::string* error) {
  FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) *error = "cannot read " + path;
  return file != nullptr && std::fclose(file) == 0;
}

bool Model::Run(const std::vector<Value>& values, std::vector<Output>* outputs, std::string*) {
  outputs->clear();
  for (size_t i = 0; i < values.size(); ++i) {
    Output output{ModelInputs()[i].name, "echo", values[i].shape, values[i].numbers, {}};
    if (!values[i].bytes.empty()) output.texts.push_back(values[i].bytes);
    outputs->push_back(output);
  }
  return true;
}
