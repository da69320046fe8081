#include "tensorflow/core/lib/core/status.h"

#include "tensorflow/core/lib/core/error_codes.pb.h"
#include "tensorflow/core/lib/core/errors.h"

namespace tensorflow {

namespace {

const char* Words(error::Code code) {
  switch (code) {
    case error::OK:
      return "OK";
    case error::CANCELLED:
      return "Cancelled";
    case error::INVALID_ARGUMENT:
      return "Invalid argument";
    case error::NOT_FOUND:
      return "Not found";
    case error::ALREADY_EXISTS:
      return "Already exists";
    case error::FAILED_PRECONDITION:
      return "Failed precondition";
    case error::UNIMPLEMENTED:
      return "Unimplemented";
    case error::INTERNAL:
      return "Internal";
    case error::DATA_LOSS:
      return "Data loss";
    default:
      return "Unknown";
  }
}

}  // namespace

string Status::ToString() const {
  return ok() ? "OK" : string(Words(code_)) + ": " + message_;
}

namespace errors {

Status MakeInvalidArgument(StringPiece text) { return Status(error::INVALID_ARGUMENT, text); }
Status MakeNotFound(StringPiece text) { return Status(error::NOT_FOUND, text); }
Status MakeAlreadyExists(StringPiece text) { return Status(error::ALREADY_EXISTS, text); }
Status MakeFailedPrecondition(StringPiece text) { return Status(error::FAILED_PRECONDITION, text); }
Status MakeUnimplemented(StringPiece text) { return Status(error::UNIMPLEMENTED, text); }
Status MakeInternal(StringPiece text) { return Status(error::INTERNAL, text); }
Status MakeDataLoss(StringPiece text) { return Status(error::DATA_LOSS, text); }

}  // namespace errors
}  // namespace tensorflow
