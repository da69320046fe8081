#ifndef TENSORFLOW_CORE_LIB_CORE_ERRORS_H_
#define TENSORFLOW_CORE_LIB_CORE_ERRORS_H_

#include "tensorflow/core/lib/core/status.h"
#include "tensorflow/core/lib/strings/strcat.h"

namespace tensorflow {
namespace errors {

#define DECLARE_ERROR(Kind)                                      \
  Status Make##Kind(StringPiece text);                           \
  template <typename... Args>                                    \
  Status Kind(const Args&... args) {                             \
    return Make##Kind(::tensorflow::strings::StrCat(args...));   \
  }

DECLARE_ERROR(InvalidArgument)
DECLARE_ERROR(NotFound)
DECLARE_ERROR(AlreadyExists)
DECLARE_ERROR(FailedPrecondition)
DECLARE_ERROR(Unimplemented)
DECLARE_ERROR(Internal)
DECLARE_ERROR(DataLoss)

#undef DECLARE_ERROR

}  // namespace errors
}  // namespace tensorflow

#define TF_RETURN_IF_ERROR(expression)                  \
  do {                                                  \
    const ::tensorflow::Status returned = (expression); \
    if (TF_PREDICT_FALSE(!returned.ok())) return returned; \
  } while (false)

#endif  // TENSORFLOW_CORE_LIB_CORE_ERRORS_H_
