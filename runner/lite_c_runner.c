/* Proves shared libraries of TensorFlow Lite on the machine they were built for, as an app would
 * that knows nothing of them but its interface for C.
 *
 *   lite_c_runner --library LIBRARY.so [--flex LIBRARY.so] --session
 *   lite_c_runner --library LIBRARY.so [--flex LIBRARY.so] --run MODEL.tflite
 *                 [--input NAME DTYPE SHAPE FILE]... --output NAME... --out DIR
 *
 * Words, files and lines of JSON are those of lite_runner.cc. The library of --flex is opened before
 * the other, for all to see: an interpreter finds the delegate in it by its name.
 *
 * The interface for C cannot set texts; it gives them.
 */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/lite/c/c_api.h"

#include "common.h"

/* Every function that is called, which must be among what the library exports. */
#define FUNCTIONS(X)                      \
  X(TfLiteInterpreterAllocateTensors)     \
  X(TfLiteInterpreterCreate)              \
  X(TfLiteInterpreterDelete)              \
  X(TfLiteInterpreterGetInputTensor)      \
  X(TfLiteInterpreterGetInputTensorCount) \
  X(TfLiteInterpreterGetOutputTensor)     \
  X(TfLiteInterpreterGetOutputTensorCount)\
  X(TfLiteInterpreterInvoke)              \
  X(TfLiteInterpreterOptionsCreate)       \
  X(TfLiteInterpreterOptionsDelete)       \
  X(TfLiteInterpreterOptionsSetNumThreads)\
  X(TfLiteInterpreterResizeInputTensor)   \
  X(TfLiteModelCreateFromFile)            \
  X(TfLiteModelDelete)                    \
  X(TfLiteTensorByteSize)                 \
  X(TfLiteTensorCopyFromBuffer)           \
  X(TfLiteTensorData)                     \
  X(TfLiteTensorDim)                      \
  X(TfLiteTensorNumDims)                  \
  X(TfLiteTensorType)                     \
  X(TfLiteVersion)

#define DECLARE(name) __typeof__(&name) name;
static struct {
  FUNCTIONS(DECLARE)
} api;
#undef DECLARE

#define MOST 256

typedef struct {
  const char *library, *flex, *mode, *model, *out;
  /* Name, type, shape and file of each. */
  char** inputs[MOST];
  const char* outputs[MOST];
  int input_count, output_count;
} Request;

/* TensorFlow's lower-case names of types. */
static const struct {
  const char* name;
  TfLiteType type;
} kTypes[] = {
    {"float", kTfLiteFloat32},   {"double", kTfLiteFloat64}, {"half", kTfLiteFloat16},
    {"int8", kTfLiteInt8},       {"int16", kTfLiteInt16},    {"int32", kTfLiteInt32},
    {"int64", kTfLiteInt64},     {"uint8", kTfLiteUInt8},    {"uint16", kTfLiteUInt16},
    {"uint32", kTfLiteUInt32},   {"uint64", kTfLiteUInt64},  {"bool", kTfLiteBool},
    {"string", kTfLiteString},   {"complex64", kTfLiteComplex64},
    {"complex128", kTfLiteComplex128},
};
enum { kTypeCount = sizeof kTypes / sizeof kTypes[0] };

static int Usage(const char* what, const char* word) {
  Fail("%s %s", what, word);
  return 2;
}

static const char* TypeName(TfLiteType type) {
  for (int i = 0; i < kTypeCount; ++i) {
    if (kTypes[i].type == type) return kTypes[i].name;
  }
  return "other";
}

static int OpenLibraries(const Request* request) {
  if (request->flex != NULL && dlopen(request->flex, RTLD_NOW | RTLD_GLOBAL) == NULL) {
    return Fail("%s", dlerror());
  }
  void* library = dlopen(request->library, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return Fail("%s", dlerror());
#define FIND(name)                            \
  *(void**)&api.name = dlsym(library, #name); \
  if (api.name == NULL) return Fail("%s exports no " #name, request->library);
  FUNCTIONS(FIND)
#undef FIND
  return 0;
}

/* ---- tensors and files ---- */

static int ParseShape(const char* text, int* sizes) {
  int count = 0;
  while (*text != '\0') {
    char* end = NULL;
    const long size = strtol(text, &end, 10);
    if (end == text || size < 0 || (*end != '\0' && *end != ',') || count == MOST) return -1;
    sizes[count++] = (int)size;
    text = *end == ',' ? end + 1 : end;
  }
  return count;
}

static int CheckInput(char* const* words, const TfLiteTensor* tensor) {
  const TfLiteType type = api.TfLiteTensorType(tensor);
  if (type == kTfLiteString) return Fail("input %s is a text, which C cannot set", words[0]);
  if (strcmp(words[1], TypeName(type)) != 0) {
    return Fail("input %s is of type %s", words[0], TypeName(type));
  }
  return 0;
}

static int HasShape(const TfLiteTensor* tensor, const int* sizes, int dimensions) {
  if (api.TfLiteTensorNumDims(tensor) != dimensions) return 0;
  for (int i = 0; i < dimensions; ++i) {
    if (api.TfLiteTensorDim(tensor, i) != sizes[i]) return 0;
  }
  return 1;
}

static int FillInput(char* const* words, TfLiteTensor* tensor) {
  const size_t size = api.TfLiteTensorByteSize(tensor);
  char* bytes = malloc(size + 1);
  FILE* file = fopen(words[3], "rb");
  int good = bytes != NULL && file != NULL && fread(bytes, 1, size + 1, file) == size;
  good = good && api.TfLiteTensorCopyFromBuffer(tensor, bytes, size) == kTfLiteOk;
  if (file != NULL) fclose(file);
  free(bytes);
  return good ? 0 : Fail("cannot read input %s from %s", words[0], words[3]);
}

/* A tensor of texts begins with their count, and where each begins and the last ends
 * (lite/string_util.h): 32 bits each. */
static int WriteTexts(const char* data, FILE* file) {
  int32_t count, start, end;
  memcpy(&count, data, sizeof count);
  for (int32_t i = 0; i < count; ++i) {
    memcpy(&start, data + (i + 1) * sizeof start, sizeof start);
    memcpy(&end, data + (i + 2) * sizeof end, sizeof end);
    const uint32_t length = (uint32_t)(end - start);
    if (fwrite(&length, sizeof length, 1, file) != 1) return 0;
    if (fwrite(data + start, 1, length, file) != length) return 0;
  }
  return 1;
}

static int WriteOutput(const Request* request, int index, const TfLiteTensor* tensor) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d.bin", request->out, index);
  FILE* file = fopen(path, "wb");
  if (file == NULL) return Fail("cannot write %s", path);
  const TfLiteType type = api.TfLiteTensorType(tensor);
  const size_t size = api.TfLiteTensorByteSize(tensor);
  const char* data = api.TfLiteTensorData(tensor);
  const int good =
      type == kTfLiteString ? WriteTexts(data, file) : fwrite(data, 1, size, file) == size;
  if (fclose(file) != 0 || !good) return Fail("cannot write %s", path);
  printf("{\"output\": ");
  PrintString(request->outputs[index]);
  printf(", \"dtype\": \"%s\", \"shape\": [", TypeName(type));
  for (int i = 0; i < api.TfLiteTensorNumDims(tensor); ++i) {
    printf("%s%d", i > 0 ? ", " : "", api.TfLiteTensorDim(tensor, i));
  }
  printf("]}\n");
  return 0;
}

/* ---- the model ---- */

static int Feed(const Request* request, TfLiteInterpreter* interpreter) {
  const int count = api.TfLiteInterpreterGetInputTensorCount(interpreter);
  if (count != request->input_count) return Fail("the model has %d inputs", count);
  for (int i = 0; i < count; ++i) {
    int sizes[MOST];
    const int dimensions = ParseShape(request->inputs[i][2], sizes);
    if (dimensions < 0) return Usage("no shape:", request->inputs[i][2]);
    const int code =
        CheckInput(request->inputs[i], api.TfLiteInterpreterGetInputTensor(interpreter, i));
    if (code != 0) return code;
    if (!HasShape(api.TfLiteInterpreterGetInputTensor(interpreter, i), sizes, dimensions) &&
        api.TfLiteInterpreterResizeInputTensor(interpreter, i, sizes, dimensions) != kTfLiteOk) {
      return Fail("input %s cannot have the shape that was given", request->inputs[i][0]);
    }
  }
  if (api.TfLiteInterpreterAllocateTensors(interpreter) != kTfLiteOk) {
    return Fail("allocating tensors failed");
  }
  for (int i = 0; i < count; ++i) {
    TfLiteTensor* tensor = api.TfLiteInterpreterGetInputTensor(interpreter, i);
    const int code = FillInput(request->inputs[i], tensor);
    if (code != 0) return code;
  }
  return 0;
}

static int GiveOutputs(const Request* request, const TfLiteInterpreter* interpreter) {
  const int count = api.TfLiteInterpreterGetOutputTensorCount(interpreter);
  if (count != request->output_count) return Fail("the model has %d outputs", count);
  for (int i = 0; i < count; ++i) {
    const TfLiteTensor* tensor = api.TfLiteInterpreterGetOutputTensor(interpreter, i);
    const int code = WriteOutput(request, i, tensor);
    if (code != 0) return code;
  }
  return 0;
}

static int RunModel(const Request* request) {
  const double start = Milliseconds();
  TfLiteModel* model = api.TfLiteModelCreateFromFile(request->model);
  if (model == NULL) return Fail("cannot load %s", request->model);
  const double loaded = Milliseconds();
  TfLiteInterpreterOptions* options = api.TfLiteInterpreterOptionsCreate();
  api.TfLiteInterpreterOptionsSetNumThreads(options, 1);
  TfLiteInterpreter* interpreter = api.TfLiteInterpreterCreate(model, options);
  api.TfLiteInterpreterOptionsDelete(options);
  if (interpreter == NULL) return Fail("making an interpreter of %s failed", request->model);
  int code = Feed(request, interpreter);
  const double made = Milliseconds();
  if (code == 0 && api.TfLiteInterpreterInvoke(interpreter) != kTfLiteOk) {
    code = Fail("running %s failed", request->model);
  }
  const double done = Milliseconds();
  if (code == 0) code = GiveOutputs(request, interpreter);
  if (code == 0) {
    printf("{\"timings\": {\"load\": %.3f, \"create\": %.3f, \"run\": %.3f}, \"peak_kib\": %ld}\n",
           loaded - start, made - loaded, done - made, PeakKib());
  }
  api.TfLiteInterpreterDelete(interpreter);
  api.TfLiteModelDelete(model);
  return code;
}

static int ParseArguments(int argc, char** argv, Request* request) {
  for (int i = 1; i < argc; ++i) {
    const char* word = argv[i];
    const int left = argc - i - 1;
    if (strcmp(word, "--session") == 0) {
      request->mode = word;
    } else if (strcmp(word, "--library") == 0 && left >= 1) {
      request->library = argv[++i];
    } else if (strcmp(word, "--flex") == 0 && left >= 1) {
      request->flex = argv[++i];
    } else if (strcmp(word, "--run") == 0 && left >= 1) {
      request->mode = word;
      request->model = argv[++i];
    } else if (strcmp(word, "--input") == 0 && left >= 4 && request->input_count < MOST) {
      request->inputs[request->input_count++] = argv + i + 1;
      i += 4;
    } else if (strcmp(word, "--output") == 0 && left >= 1 && request->output_count < MOST) {
      request->outputs[request->output_count++] = argv[++i];
    } else if (strcmp(word, "--out") == 0 && left >= 1) {
      request->out = argv[++i];
    } else {
      return Usage("cannot understand", word);
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  static Request request;
  int code = ParseArguments(argc, argv, &request);
  if (code != 0) return code;
  if (request.library == NULL || request.mode == NULL) return Usage("nothing to do", "");
  code = OpenLibraries(&request);
  if (code != 0) return code;
  if (request.model == NULL) {
    return api.TfLiteVersion()[0] != '\0' ? 0 : Fail("the library tells no version");
  }
  if (request.output_count == 0 || request.out == NULL) {
    return Usage("--run needs --output and --out", "");
  }
  return RunModel(&request);
}
