/* What all runners do alike, those in C and those in C++: they complain, look at the clock and at their
   memory, and print text as JSON. */

#ifndef RUNNER_COMMON_H_
#define RUNNER_COMMON_H_

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Says it on stderr, as one line. */
static inline int Complain(const char* text) {
  fputs("runner: ", stderr);
  for (; *text != '\0'; ++text) fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stderr);
  fputc('\n', stderr);
  return 1;
}

static inline double Milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* The most memory that this program ever had, in KiB; 0 where the system does not say. */
static inline long PeakKib(void) {
  FILE* file = fopen("/proc/self/status", "r");
  char line[256];
  long peak = 0;
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "VmHWM: %ld", &peak) == 1) break;
  }
  fclose(file);
  return peak;
}

static inline void PrintText(const char* text, size_t size) {
  size_t place;
  putchar('"');
  for (place = 0; place < size; ++place) {
    const unsigned char c = (unsigned char)text[place];
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

#ifndef __cplusplus

static inline int Fail(const char* format, ...) {
  char text[4096];
  va_list words;
  va_start(words, format);
  vsnprintf(text, sizeof text, format, words);
  va_end(words);
  return Complain(text);
}

static inline void PrintString(const char* text) { PrintText(text, strlen(text)); }

#endif /* __cplusplus */

#endif /* RUNNER_COMMON_H_ */
