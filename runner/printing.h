// What the runners print: lines of JSON.

#ifndef RUNNER_PRINTING_H_
#define RUNNER_PRINTING_H_

#include <cstdio>
#include <string>

namespace {

void PrintString(const std::string& text) {
  putchar('"');
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      printf("\\%c", c);
    } else if (c < 0x20) {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}

void PrintKey(const char* key, const std::string& value) {
  printf("\"%s\": ", key);
  PrintString(value);
}

}  // namespace

#endif  // RUNNER_PRINTING_H_
