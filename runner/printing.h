// What the runners print: lines of JSON.

#ifndef RUNNER_PRINTING_H_
#define RUNNER_PRINTING_H_

#include <cstdio>
#include <string>

#include "common.h"

namespace {

void PrintString(const std::string& text) { PrintText(text.data(), text.size()); }

void PrintKey(const char* key, const std::string& value) {
  printf("\"%s\": ", key);
  PrintString(value);
}

}  // namespace

#endif  // RUNNER_PRINTING_H_
