#!/bin/sh
# proto_text.sh FILE.proto HEADER SOURCE: names of its enumerations, as the program here does it.
set -eu
awk -v header="$2" -v source="$3" -v path="${1%.proto}" '
/^package / { scope = $2 == "tensorflow.error;" ? "error::" : "" }
/^enum / {
  type = $2
  head = "const char* EnumName_" type "(::tensorflow::" scope type " value)"
  declared = declared head ";\n"
  defined = defined head " {\n  switch (static_cast<int>(value)) {\n"
}
type && / = [0-9]+;/ { defined = defined "    case " $3 + 0 ": return \"" $1 "\";\n" }
type && /^}/ { defined = defined "    default: return \"\";\n  }\n}\n"; type = "" }
END {
  begin = "namespace tensorflow {\n"
  end = "}  // namespace tensorflow\n"
  printf "#pragma once\n#include \"%s.pb.h\"\n%s%s%s", path, begin, declared, end > header
  printf "#include \"%s.pb_text.h\"\n%s%s%s", path, begin, defined, end > source
}' "$1"
