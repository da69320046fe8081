#include "tensorflow/core/framework/types.h"

#include <ctype.h>

#include "tensorflow/core/framework/types.pb_text.h"

namespace tensorflow {

const char* const DEVICE_CPU = "CPU";

DataType DataTypeToEnum<float>::v() { return DT_FLOAT; }
DataType DataTypeToEnum<double>::v() { return DT_DOUBLE; }
DataType DataTypeToEnum<int32>::v() { return DT_INT32; }
DataType DataTypeToEnum<uint8>::v() { return DT_UINT8; }
DataType DataTypeToEnum<int16>::v() { return DT_INT16; }
DataType DataTypeToEnum<uint16>::v() { return DT_UINT16; }
DataType DataTypeToEnum<int8>::v() { return DT_INT8; }
DataType DataTypeToEnum<string>::v() { return DT_STRING; }
DataType DataTypeToEnum<int64>::v() { return DT_INT64; }
DataType DataTypeToEnum<bool>::v() { return DT_BOOL; }

// The number's name without its prefix, in lower case: proto_text has made a table of them.
string DataTypeString(DataType dtype) {
  const string name = EnumName_DataType(dtype);
  string text = name.substr(name.find('_') + 1);
  for (char& c : text) c = static_cast<char>(tolower(c));
  return text;
}

bool DataTypeFromString(StringPiece text, DataType* dtype) {
  for (int number = 1; number <= DataType_MAX; ++number) {
    if (!DataType_IsValid(number)) continue;
    *dtype = static_cast<DataType>(number);
    if (text == DataTypeString(*dtype)) return true;
  }
  return false;
}

int DataTypeSize(DataType dtype) {
  switch (dtype) {
    case DT_UINT8:
    case DT_INT8:
    case DT_BOOL:
      return 1;
    case DT_INT16:
    case DT_UINT16:
      return 2;
    case DT_FLOAT:
    case DT_INT32:
      return 4;
    case DT_DOUBLE:
    case DT_INT64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace tensorflow
