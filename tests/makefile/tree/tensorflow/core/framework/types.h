// Element types: their numbers, their names, and the C++ types that hold them.
#ifndef TENSORFLOW_CORE_FRAMEWORK_TYPES_H_
#define TENSORFLOW_CORE_FRAMEWORK_TYPES_H_

#include <vector>

#include "tensorflow/core/lib/core/stringpiece.h"

namespace tensorflow {

// Its values are in types.pb.h, which takes long to compile: kernels do without.
enum DataType : int;

typedef std::vector<DataType> DataTypeVector;

extern const char* const DEVICE_CPU;

class DeviceType {
 public:
  explicit DeviceType(StringPiece type) : type_(type.ToString()) {}
  const char* type() const { return type_.c_str(); }

 private:
  string type_;
};

string DataTypeString(DataType dtype);
bool DataTypeFromString(StringPiece text, DataType* dtype);
// In bytes; 0 for what has no fixed size.
int DataTypeSize(DataType dtype);
inline bool DataTypeCanUseMemcpy(DataType dtype) { return DataTypeSize(dtype) > 0; }

template <typename T>
struct DataTypeToEnum;

#define DECLARE_TYPE(TYPE)      \
  template <>                   \
  struct DataTypeToEnum<TYPE> { \
    static DataType v();        \
  }

DECLARE_TYPE(float);
DECLARE_TYPE(double);
DECLARE_TYPE(int32);
DECLARE_TYPE(uint8);
DECLARE_TYPE(int16);
DECLARE_TYPE(uint16);
DECLARE_TYPE(int8);
DECLARE_TYPE(string);
DECLARE_TYPE(int64);
DECLARE_TYPE(bool);

#undef DECLARE_TYPE

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_FRAMEWORK_TYPES_H_
