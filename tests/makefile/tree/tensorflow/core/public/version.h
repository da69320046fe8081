#ifndef TENSORFLOW_CORE_PUBLIC_VERSION_H_
#define TENSORFLOW_CORE_PUBLIC_VERSION_H_

#define TF_MAJOR_VERSION 1
#define TF_MINOR_VERSION 8
#define TF_PATCH_VERSION 0
#define TF_VERSION_SUFFIX "-miniature"

#define TF_STR_HELPER(x) #x
#define TF_STR(x) TF_STR_HELPER(x)
#define TF_VERSION_STRING \
  (TF_STR(TF_MAJOR_VERSION) "." TF_STR(TF_MINOR_VERSION) "." TF_STR(TF_PATCH_VERSION) TF_VERSION_SUFFIX)

#define TF_GRAPH_DEF_VERSION_MIN_PRODUCER 0
#define TF_GRAPH_DEF_VERSION_MIN_CONSUMER 0
#define TF_GRAPH_DEF_VERSION 26

// In version_info.cc, which is made by tools/git/gen_git_source.sh.
extern const char* tf_git_version();
extern const char* tf_compiler_version();

#endif  // TENSORFLOW_CORE_PUBLIC_VERSION_H_
