// Checks that end the program, and warnings. One line each, on standard error.
#ifndef TENSORFLOW_CORE_PLATFORM_LOGGING_H_
#define TENSORFLOW_CORE_PLATFORM_LOGGING_H_

#include "tensorflow/core/platform/macros.h"
#include "tensorflow/core/platform/types.h"

namespace tensorflow {
namespace internal {

TF_ATTRIBUTE_NORETURN void Die(const char* file, int line, const string& text);
void Warn(const string& text);

}  // namespace internal
}  // namespace tensorflow

#define CHECK(condition)                \
  if (TF_PREDICT_FALSE(!(condition))) \
  ::tensorflow::internal::Die(__FILE__, __LINE__, "Check failed: " #condition)

#define TF_CHECK_OK(expression)                                                    \
  do {                                                                             \
    const ::tensorflow::Status checked = (expression);                             \
    if (!checked.ok()) {                                                           \
      ::tensorflow::internal::Die(__FILE__, __LINE__,                              \
                                  "Non-OK-status: " #expression " status: " +      \
                                      checked.ToString());                         \
    }                                                                              \
  } while (false)

#endif  // TENSORFLOW_CORE_PLATFORM_LOGGING_H_
