// Part of the runtime that only the benchmark asks for: a trimmed library is without it.
#include "tensorflow/core/util/command_line_flags.h"

namespace tensorflow {

string Flag(int argc, char** argv, const string& name, const string& standard) {
  const string prefix = "--" + name + "=";
  for (int i = 1; i < argc; ++i) {
    const string word = argv[i];
    if (word.compare(0, prefix.size(), prefix) == 0) return word.substr(prefix.size());
  }
  return standard;
}

}  // namespace tensorflow
