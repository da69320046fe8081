#ifndef TENSORFLOW_CORE_LIB_CORE_STATUS_H_
#define TENSORFLOW_CORE_LIB_CORE_STATUS_H_

#include "tensorflow/core/lib/core/stringpiece.h"
#include "tensorflow/core/platform/logging.h"

namespace tensorflow {

namespace error {
enum Code : int;  // in error_codes.pb.h
}  // namespace error

// What came of it: nothing to complain about, or a code and words.
class Status {
 public:
  Status() : code_() {}
  Status(error::Code code, StringPiece message) : code_(code), message_(message.ToString()) {}
  static Status OK() { return Status(); }

  bool ok() const { return code_ == error::Code(); }
  error::Code code() const { return code_; }
  const string& error_message() const { return message_; }
  string ToString() const;
  void Update(const Status& other) {
    if (ok()) *this = other;
  }

 private:
  error::Code code_;
  string message_;
};

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_LIB_CORE_STATUS_H_
