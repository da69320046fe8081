/* Proves a shared library on the machine it was built for, as an app would that knows nothing of
 * it but TensorFlow's C API: the library is opened by its path, its functions by their names.
 *
 *   c_api_runner --library LIBRARY.so --session
 *   c_api_runner --library LIBRARY.so --run MODEL.pb [--input NAME DTYPE SHAPE FILE]...
 *                --output NAME... --out DIR [--init NODE]...
 *                [--steps N | --profile RUNS SECONDS]
 *
 * Words, files and lines of JSON are those of runner.cc, which proves a static library.
 */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tensorflow/c/c_api.h"

#include "common.h"

/* Every function that is called, which must be among what the library exports. */
#define FUNCTIONS(X)                \
  X(TF_AllocateTensor)              \
  X(TF_CloseSession)                \
  X(TF_DeleteBuffer)                \
  X(TF_DeleteGraph)                 \
  X(TF_DeleteImportGraphDefOptions) \
  X(TF_DeleteSession)               \
  X(TF_DeleteSessionOptions)        \
  X(TF_DeleteStatus)                \
  X(TF_DeleteTensor)                \
  X(TF_Dim)                         \
  X(TF_GetCode)                     \
  X(TF_GraphImportGraphDef)         \
  X(TF_GraphOperationByName)        \
  X(TF_Message)                     \
  X(TF_NewBufferFromString)         \
  X(TF_NewGraph)                    \
  X(TF_NewImportGraphDefOptions)    \
  X(TF_NewSession)                  \
  X(TF_NewSessionOptions)           \
  X(TF_NewStatus)                   \
  X(TF_NumDims)                     \
  X(TF_SessionRun)                  \
  X(TF_StringCopy)                  \
  X(TF_StringGetDataPointer)        \
  X(TF_StringGetSize)               \
  X(TF_StringInit)                  \
  X(TF_TensorByteSize)              \
  X(TF_TensorData)                  \
  X(TF_TensorElementCount)          \
  X(TF_TensorType)                  \
  X(TF_DataTypeSize)

#define DECLARE(name) __typeof__(&name) name;
static struct {
  FUNCTIONS(DECLARE)
} api;
#undef DECLARE

#define MOST 256

typedef struct {
  const char* library;
  const char* mode;
  const char* model;
  const char* out;
  const char* input_names[MOST];
  TF_Tensor* inputs[MOST];
  const char* outputs[MOST];
  const char* init[MOST];
  /* What the words of each input are; they are read once the library is open. */
  char** input_words[MOST];
  int input_count, output_count, init_count, steps, profiled, seconds;
} Request;

static const struct {
  const char* name;
  TF_DataType type;
} kTypes[] = {
    {"float", TF_FLOAT},         {"double", TF_DOUBLE},       {"int32", TF_INT32},
    {"uint8", TF_UINT8},         {"int16", TF_INT16},         {"int8", TF_INT8},
    {"string", TF_STRING},       {"complex64", TF_COMPLEX64}, {"int64", TF_INT64},
    {"bool", TF_BOOL},           {"qint8", TF_QINT8},         {"quint8", TF_QUINT8},
    {"qint32", TF_QINT32},       {"bfloat16", TF_BFLOAT16},   {"qint16", TF_QINT16},
    {"quint16", TF_QUINT16},     {"uint16", TF_UINT16},       {"half", TF_HALF},
    {"complex128", TF_COMPLEX128}, {"uint32", TF_UINT32},     {"uint64", TF_UINT64},
};
enum { kTypeCount = sizeof kTypes / sizeof kTypes[0] };

static int Usage(const char* what, const char* word) {
  Fail("%s %s (usage: c_api_runner --library LIBRARY --session | --run MODEL [--input NAME DTYPE "
       "SHAPE FILE]... --output NAME... --out DIR [--init NODE]... [--steps N | --profile RUNS "
       "SECONDS])",
       what, word);
  return 2;
}

static int OpenLibrary(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return Fail("%s", dlerror());
#define FIND(name)                                                    \
  *(void**)&api.name = dlsym(library, #name);                         \
  if (api.name == NULL) return Fail("%s exports no " #name, path);
  FUNCTIONS(FIND)
#undef FIND
  return 0;
}

/* ---- tensors and files ---- */

static char* ReadFile(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  char* bytes = NULL;
  long length;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 &&
      fseek(file, 0, SEEK_SET) == 0 && (bytes = malloc((size_t)length + 1)) != NULL) {
    *size = fread(bytes, 1, (size_t)length, file);
    if (*size != (size_t)length) {
      free(bytes);
      bytes = NULL;
    }
  }
  fclose(file);
  return bytes;
}

static int ParseShape(const char* text, int64_t* sizes) {
  int count = 0;
  while (*text != '\0') {
    char* end = NULL;
    const long long size = strtoll(text, &end, 10);
    if (end == text || size < 0 || (*end != '\0' && *end != ',') || count == MOST) return -1;
    sizes[count++] = size;
    text = *end == ',' ? end + 1 : end;
  }
  return count;
}

static int FillStrings(TF_Tensor* tensor, const char* bytes, size_t size) {
  TF_TString* strings = api.TF_TensorData(tensor);
  const int64_t count = api.TF_TensorElementCount(tensor);
  size_t place = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t length;
    if (size - place < sizeof length) return 0;
    memcpy(&length, bytes + place, sizeof length);
    place += sizeof length;
    if (size - place < length) return 0;
    api.TF_StringInit(&strings[i]);
    api.TF_StringCopy(&strings[i], bytes + place, length);
    place += length;
  }
  return place == size;
}

static int ReadInput(char** words, Request* request) {
  int64_t sizes[MOST];
  TF_DataType type = 0;
  const int dimensions = ParseShape(words[2], sizes);
  size_t size = 0, elements = 1, width;
  for (int i = 0; i < kTypeCount; ++i) {
    if (strcmp(words[1], kTypes[i].name) == 0) type = kTypes[i].type;
  }
  if (type == 0) return Usage("unknown type", words[1]);
  if (dimensions < 0) return Usage("bad shape", words[2]);
  for (int i = 0; i < dimensions; ++i) elements *= (size_t)sizes[i];
  width = type == TF_STRING ? sizeof(TF_TString) : api.TF_DataTypeSize(type);
  char* bytes = ReadFile(words[3], &size);
  TF_Tensor* tensor = api.TF_AllocateTensor(type, sizes, dimensions, elements * width);
  int good = bytes != NULL && tensor != NULL;
  if (good && type == TF_STRING) {
    good = FillStrings(tensor, bytes, size);
  } else if (good) {
    good = size == elements * width;
    if (good) memcpy(api.TF_TensorData(tensor), bytes, size);
  }
  free(bytes);
  if (!good) return Fail("%s: cannot be read as %s [%s]", words[3], words[1], words[2]);
  request->input_names[request->input_count] = words[0];
  request->inputs[request->input_count++] = tensor;
  return 0;
}

static int WriteTensor(const char* path, const TF_Tensor* tensor) {
  FILE* file = fopen(path, "wb");
  int good = file != NULL;
  if (!good) return 0;
  if (api.TF_TensorType(tensor) == TF_STRING) {
    const TF_TString* strings = api.TF_TensorData(tensor);
    const int64_t count = api.TF_TensorElementCount(tensor);
    for (int64_t i = 0; good && i < count; ++i) {
      const uint32_t length = (uint32_t)api.TF_StringGetSize(&strings[i]);
      const char* text = api.TF_StringGetDataPointer(&strings[i]);
      good = fwrite(&length, sizeof length, 1, file) == 1 &&
             fwrite(text, 1, length, file) == length;
    }
  } else {
    const size_t size = api.TF_TensorByteSize(tensor);
    good = fwrite(api.TF_TensorData(tensor), 1, size, file) == size;
  }
  return fclose(file) == 0 && good;
}

static int WriteOutput(const Request* request, int index, const TF_Tensor* tensor) {
  const char* type = NULL;
  char path[4096];
  for (int i = 0; i < kTypeCount; ++i) {
    if (kTypes[i].type == api.TF_TensorType(tensor)) type = kTypes[i].name;
  }
  if (type == NULL) {
    return Fail("output %s has a type which has no bytes to write", request->outputs[index]);
  }
  snprintf(path, sizeof path, "%s/%d.bin", request->out, index);
  if (!WriteTensor(path, tensor)) return Fail("cannot write %s", path);
  printf("{\"output\": ");
  PrintString(request->outputs[index % request->output_count]);
  printf(", \"dtype\": \"%s\", \"shape\": [", type);
  for (int i = 0; i < api.TF_NumDims(tensor); ++i) {
    printf("%s%lld", i > 0 ? ", " : "", (long long)api.TF_Dim(tensor, i));
  }
  printf("]}\n");
  return 0;
}

/* ---- running a model ---- */

/* The output that a name with or without a number means: "y", "y:1". */
static int FindOutput(TF_Graph* graph, const char* name, TF_Output* found) {
  char node[4096];
  const char* colon = strrchr(name, ':');
  const size_t length = colon != NULL ? (size_t)(colon - name) : strlen(name);
  if (length >= sizeof node) return 0;
  memcpy(node, name, length);
  node[length] = '\0';
  found->oper = api.TF_GraphOperationByName(graph, node);
  found->index = colon != NULL ? atoi(colon + 1) : 0;
  return found->oper != NULL;
}

static int Load(const Request* request, TF_Graph* graph, TF_Status* status) {
  size_t size = 0;
  char* bytes = ReadFile(request->model, &size);
  if (bytes == NULL) return Fail("reading the model: %s cannot be read", request->model);
  TF_Buffer* buffer = api.TF_NewBufferFromString(bytes, size);
  TF_ImportGraphDefOptions* options = api.TF_NewImportGraphDefOptions();
  api.TF_GraphImportGraphDef(graph, buffer, options, status);
  api.TF_DeleteImportGraphDefOptions(options);
  api.TF_DeleteBuffer(buffer);
  free(bytes);
  return api.TF_GetCode(status) == TF_OK ? 0
                                         : Fail("loading the graph: %s", api.TF_Message(status));
}

static int RunOnce(const Request* request, TF_Graph* graph, TF_Session* session,
                   TF_Status* status) {
  const TF_Operation* nodes[MOST];
  for (int i = 0; i < request->init_count; ++i) {
    nodes[i] = api.TF_GraphOperationByName(graph, request->init[i]);
    if (nodes[i] == NULL) return Fail("the model has no node %s", request->init[i]);
  }
  if (request->init_count == 0) return 0;
  api.TF_SessionRun(session, NULL, NULL, NULL, 0, NULL, NULL, 0, nodes, request->init_count, NULL,
                    status);
  return api.TF_GetCode(status) == TF_OK
             ? 0
             : Fail("running what comes before the model: %s", api.TF_Message(status));
}

static int FindOutputs(TF_Graph* graph, const char* const* names, int count, TF_Output* found) {
  for (int i = 0; i < count; ++i) {
    if (!FindOutput(graph, names[i], &found[i])) return Fail("the model has no node %s", names[i]);
  }
  return 0;
}

/* What is fed and fetched in each run. */
typedef struct {
  TF_Output inputs[MOST], outputs[MOST];
} Places;

static int FindPlaces(const Request* request, TF_Graph* graph, Places* places) {
  const int code = FindOutputs(graph, request->input_names, request->input_count, places->inputs);
  if (code != 0) return code;
  return FindOutputs(graph, request->outputs, request->output_count, places->outputs);
}

static int RunStep(const Request* request, const Places* places, TF_Session* session,
                   TF_Status* status, const TF_Buffer* options, TF_Tensor** results,
                   TF_Buffer* metadata) {
  api.TF_SessionRun(session, options, places->inputs, (TF_Tensor* const*)request->inputs,
                    request->input_count, places->outputs, results, request->output_count, NULL, 0,
                    metadata, status);
  return api.TF_GetCode(status) == TF_OK ? 0
                                         : Fail("running the model: %s", api.TF_Message(status));
}

static int Run(const Request* request, const Places* places, TF_Session* session,
               TF_Status* status, TF_Tensor** results) {
  int code = 0;
  for (int step = 0; code == 0 && step < request->steps; ++step) {
    code = RunStep(request, places, session, status, NULL, results + step * request->output_count,
                   NULL);
  }
  return code;
}

/* ---- profiling ---- */

/* The field step_stats (1) of a message RunMetadata; other fields may stand around it. */
static int FindStepStats(const unsigned char* bytes, size_t size, const unsigned char** found,
                         uint32_t* length) {
  size_t place = 0;
  while (place < size) {
    const unsigned char tag = bytes[place++];
    uint64_t count = 0;
    for (int shift = 0; place < size && shift < 64; shift += 7) {
      const unsigned char byte = bytes[place++];
      count |= (uint64_t)(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    /* All fields of RunMetadata are messages with numbers below 16. */
    if ((tag & 7) != 2 || tag >= 0x80 || count > size - place) return 0;
    if (tag >> 3 == 1) {
      *found = bytes + place;
      *length = (uint32_t)count;
      return 1;
    }
    place += count;
  }
  return 0;
}

static int WriteStepStats(FILE* file, const TF_Buffer* metadata) {
  const unsigned char* bytes = NULL;
  uint32_t length = 0;
  return FindStepStats(metadata->data, metadata->length, &bytes, &length) &&
         fwrite(&length, sizeof length, 1, file) == 1 &&
         fwrite(bytes, 1, length, file) == length;
}

static int ProfileRuns(const Request* request, const Places* places, TF_Session* session,
                       TF_Status* status, FILE* file) {
  /* The message RunOptions with trace_level (1) FULL_TRACE (3). */
  static const unsigned char kFullTrace[] = {0x08, 0x03};
  const TF_Buffer options = {kFullTrace, sizeof kFullTrace, NULL};
  const int traced = file != NULL;
  const double start = Milliseconds();
  for (int run = 0; run < request->profiled; ++run) {
    TF_Tensor* results[MOST] = {NULL};
    TF_Buffer metadata = {NULL, 0, NULL};
    const double began = Milliseconds();
    if (run > 0 && began - start > request->seconds * 1e3) break;
    const int code = RunStep(request, places, session, status, traced ? &options : NULL, results,
                             traced ? &metadata : NULL);
    const double took = Milliseconds() - began;
    if (code != 0) return code;
    printf("{\"run\": %.4f, \"traced\": %s}\n", took, traced ? "true" : "false");
    for (int i = 0; i < request->output_count; ++i) api.TF_DeleteTensor(results[i]);
    const int good = !traced || WriteStepStats(file, &metadata);
    if (metadata.data_deallocator != NULL) {
      metadata.data_deallocator((void*)metadata.data, metadata.length);
    }
    if (!good) return Fail("cannot write what a run has told into %s", request->out);
  }
  return 0;
}

static int Profile(const Request* request, const Places* places, TF_Session* session,
                   TF_Status* status) {
  char path[4096];
  mkdir(request->out, 0777);
  snprintf(path, sizeof path, "%s/profile.bin", request->out);
  FILE* file = fopen(path, "wb");
  if (file == NULL) return Fail("cannot write %s", path);
  int code = ProfileRuns(request, places, session, status, NULL);
  if (code == 0) code = ProfileRuns(request, places, session, status, file);
  if (fclose(file) != 0 && code == 0) code = Fail("cannot write %s", path);
  return code;
}

static TF_Session* NewSession(TF_Graph* graph, TF_Status* status) {
  TF_SessionOptions* options = api.TF_NewSessionOptions();
  TF_Session* session = api.TF_NewSession(graph, options, status);
  api.TF_DeleteSessionOptions(options);
  if (api.TF_GetCode(status) != TF_OK) {
    Fail("making a session: %s", api.TF_Message(status));
    return NULL;
  }
  return session;
}

static int RunModel(Request* request) {
  TF_Status* status = api.TF_NewStatus();
  TF_Graph* graph = api.TF_NewGraph();
  const int count = request->output_count * request->steps;
  TF_Tensor** results = calloc((size_t)count + 1, sizeof *results);
  static Places places;
  for (int i = 0, words = request->input_count; i < words; ++i) {
    request->input_count = i;
    const int code = ReadInput(request->input_words[i], request);
    if (code != 0) return code;
  }
  const double start = Milliseconds();
  int code = Load(request, graph, status);
  if (code != 0) return code;
  const double loaded = Milliseconds();
  TF_Session* session = NewSession(graph, status);
  if (session == NULL) return 1;
  if ((code = RunOnce(request, graph, session, status)) != 0) return code;
  if ((code = FindPlaces(request, graph, &places)) != 0) return code;
  const double created = Milliseconds();
  code = request->profiled > 0 ? Profile(request, &places, session, status)
                               : Run(request, &places, session, status, results);
  if (code != 0) return code;
  const double ran = Milliseconds();
  mkdir(request->out, 0777);
  for (int i = 0; i < count && results[i] != NULL; ++i) {
    if ((code = WriteOutput(request, i, results[i])) != 0) return code;
    api.TF_DeleteTensor(results[i]);
  }
  printf("{\"timings\": {\"read\": %.3f, \"session\": %.3f, \"run\": %.3f}, \"peak_kib\": %ld}\n",
         loaded - start, created - loaded, ran - created, PeakKib());
  api.TF_CloseSession(session, status);
  api.TF_DeleteSession(session, status);
  api.TF_DeleteGraph(graph);
  api.TF_DeleteStatus(status);
  free(results);
  return 0;
}

static int ProveSession(void) {
  TF_Status* status = api.TF_NewStatus();
  TF_Graph* graph = api.TF_NewGraph();
  TF_Session* session = NewSession(graph, status);
  if (session == NULL) return 1;
  api.TF_DeleteSession(session, status);
  api.TF_DeleteGraph(graph);
  api.TF_DeleteStatus(status);
  printf("{\"session\": true}\n");
  return 0;
}

/* ---- the command line ---- */

static int ParseArguments(int argc, char** argv, Request* request) {
  for (int i = 1; i < argc;) {
    const char* word = argv[i];
    const int left = argc - i - 1;
    char** values = argv + i + 1;
    if (request->input_count == MOST || request->output_count == MOST ||
        request->init_count == MOST) {
      return Usage("too many words:", word);
    }
    if (strcmp(word, "--session") == 0) {
      request->mode = word;
      i += 1;
    } else if (strcmp(word, "--library") == 0 && left >= 1) {
      request->library = values[0];
      i += 2;
    } else if (strcmp(word, "--run") == 0 && left >= 1) {
      request->mode = word;
      request->model = values[0];
      i += 2;
    } else if (strcmp(word, "--input") == 0 && left >= 4) {
      request->input_words[request->input_count++] = values;
      i += 5;
    } else if (strcmp(word, "--output") == 0 && left >= 1) {
      request->outputs[request->output_count++] = values[0];
      i += 2;
    } else if (strcmp(word, "--init") == 0 && left >= 1) {
      request->init[request->init_count++] = values[0];
      i += 2;
    } else if (strcmp(word, "--steps") == 0 && left >= 1) {
      request->steps = atoi(values[0]);
      i += 2;
    } else if (strcmp(word, "--profile") == 0 && left >= 2) {
      request->profiled = atoi(values[0]);
      request->seconds = atoi(values[1]);
      i += 3;
    } else if (strcmp(word, "--out") == 0 && left >= 1) {
      request->out = values[0];
      i += 2;
    } else {
      return Usage("cannot understand", word);
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  static Request request;
  request.steps = 1;
  int code = ParseArguments(argc, argv, &request);
  if (code != 0) return code;
  if (request.library == NULL) return Usage("no", "--library");
  if (request.mode == NULL) return Usage("nothing to", "do");
  if ((code = OpenLibrary(request.library)) != 0) return code;
  if (strcmp(request.mode, "--session") == 0) return ProveSession();
  if (request.output_count == 0 || request.out == NULL) {
    return Usage("--run needs", "--output and --out");
  }
  return RunModel(&request);
}
