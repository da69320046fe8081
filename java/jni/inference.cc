// The functions of Java's NativeSession: a session of TensorFlow, what the next run of it is given,
// and what the last one gave.
//
// A session is a number for Java: the address of an Inference, which `open` makes and `close`
// deletes. Java lets one thread at a time in. Values are copied between Java's memory and tensors,
// so neither side ever holds the other's. No error ends the process: each is thrown to Java, and
// what was asked for is then not done.

#include <jni.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "org_tensorflow_contrib_android_NativeSession.h"
#include "tensorflow/core/common_runtime/graph_constructor.h"
#include "tensorflow/core/common_runtime/shape_refiner.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/framework/step_stats.pb.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/framework/tensor_shape.h"
#include "tensorflow/core/framework/types.h"
#include "tensorflow/core/graph/graph.h"
#include "tensorflow/core/platform/protobuf.h"
#include "tensorflow/core/protobuf/config.pb.h"
#include "tensorflow/core/public/session.h"

namespace {

using tensorflow::DataType;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;

// A constant of more bytes is left out of the outline of a graph. Those that shapes are computed
// from have a few dozen.
constexpr size_t kLargeConstant = 4096;
constexpr int kChunk = 64 << 10;  // bytes that are read of a stream at once

constexpr char kArgument[] = "java/lang/IllegalArgumentException";
constexpr char kNull[] = "java/lang/NullPointerException";
constexpr char kMemory[] = "java/lang/OutOfMemoryError";

// The graph's nodes as Java sees them.
struct NodeFacts {
  std::string name;
  std::string op;
  std::vector<DataType> types;
  std::vector<std::vector<int64_t>> shapes;  // -1 where a size is not known
  std::vector<bool> ranked;                  // whether the number of dimensions is known
};

struct NodeTime {
  int64_t runs = 0;
  int64_t micros = 0;
};

struct Inference {
  std::unique_ptr<tensorflow::Session> session;
  // The graph without its large constants, until the facts are asked for.
  tensorflow::GraphDef outline;
  bool has_facts = false;
  std::vector<NodeFacts> facts;
  std::vector<std::pair<std::string, Tensor>> inputs;
  std::map<std::string, Tensor> outputs;
  std::map<std::string, NodeTime> times;
};

Inference* At(jlong session) { return reinterpret_cast<Inference*>(session); }

// ---- texts and errors --------------------------------------------------------------------

// A string of any bytes: what is no UTF-8 is replaced. (JNI's own function wants a UTF-8 of its
// own kind, and ends the process where it gets another.)
jstring ToJava(JNIEnv* env, const std::string& text) {
  const jsize size = static_cast<jsize>(text.size());
  jbyteArray bytes = env->NewByteArray(size);
  if (bytes == nullptr) return nullptr;
  env->SetByteArrayRegion(bytes, 0, size, reinterpret_cast<const jbyte*>(text.data()));
  jclass kind = env->FindClass("java/lang/String");
  jmethodID make = env->GetMethodID(kind, "<init>", "([BLjava/lang/String;)V");
  jstring name = env->NewStringUTF("UTF-8");
  jobject made = name ? env->NewObject(kind, make, bytes, name) : nullptr;
  env->DeleteLocalRef(name);
  env->DeleteLocalRef(kind);
  env->DeleteLocalRef(bytes);
  return static_cast<jstring>(made);
}

void Throw(JNIEnv* env, const char* kind, const std::string& message) {
  if (env->ExceptionCheck()) return;  // the first one tells more
  jstring text = ToJava(env, message);
  jclass found = text ? env->FindClass(kind) : nullptr;
  jmethodID make = found ? env->GetMethodID(found, "<init>", "(Ljava/lang/String;)V") : nullptr;
  jobject made = make ? env->NewObject(found, make, text) : nullptr;
  if (made != nullptr) env->Throw(static_cast<jthrowable>(made));
}

// Java's nearest exception, as TensorFlow's own Java had them.
const char* ExceptionOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return kArgument;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return "java/lang/SecurityException";
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
      return "java/lang/IllegalStateException";
    case absl::StatusCode::kOutOfRange:
      return "java/lang/IndexOutOfBoundsException";
    case absl::StatusCode::kUnimplemented:
      return "java/lang/UnsupportedOperationException";
    default:
      return "org/tensorflow/TensorFlowException";
  }
}

// Whether it is good; if not, it is thrown.
bool Good(JNIEnv* env, const Status& status) {
  if (!status.ok()) Throw(env, ExceptionOf(status), std::string(status.message()));
  return status.ok();
}

std::string ToText(JNIEnv* env, jstring text) {
  const char* chars = env->GetStringUTFChars(text, nullptr);
  if (chars == nullptr) return "";
  std::string made(chars);
  env->ReleaseStringUTFChars(text, chars);
  return made;
}

bool ToTexts(JNIEnv* env, jobjectArray array, std::vector<std::string>* texts) {
  const jsize count = env->GetArrayLength(array);
  for (jsize i = 0; i < count; ++i) {
    auto item = static_cast<jstring>(env->GetObjectArrayElement(array, i));
    if (item == nullptr) {
      Throw(env, kNull, "name " + std::to_string(i) + " is null");
      return false;
    }
    texts->push_back(ToText(env, item));
    env->DeleteLocalRef(item);
  }
  return !env->ExceptionCheck();
}

jobjectArray ToArray(JNIEnv* env, const std::vector<std::string>& texts) {
  jclass kind = env->FindClass("java/lang/String");
  jobjectArray array = env->NewObjectArray(static_cast<jsize>(texts.size()), kind, nullptr);
  for (size_t i = 0; array != nullptr && i < texts.size(); ++i) {
    jstring text = ToJava(env, texts[i]);
    if (text == nullptr) return nullptr;
    env->SetObjectArrayElement(array, static_cast<jsize>(i), text);
    env->DeleteLocalRef(text);
  }
  return array;
}

jlongArray ToArray(JNIEnv* env, const std::vector<int64_t>& sizes) {
  const std::vector<jlong> values(sizes.begin(), sizes.end());
  const jsize count = static_cast<jsize>(values.size());
  jlongArray array = env->NewLongArray(count);
  if (array != nullptr) env->SetLongArrayRegion(array, 0, count, values.data());
  return array;
}

std::string Quoted(const std::string& name) { return "'" + name + "'"; }

// ---- loading -----------------------------------------------------------------------------

// A java.io.InputStream.
class Stream : public tensorflow::protobuf::io::CopyingInputStream {
 public:
  Stream(JNIEnv* env, jobject stream) : env_(env), stream_(stream) {
    jclass kind = env->GetObjectClass(stream);
    read_ = env->GetMethodID(kind, "read", "([BII)I");
    chunk_ = env->NewByteArray(kChunk);
  }

  int Read(void* buffer, int size) override {
    if (env_->ExceptionCheck()) return -1;
    const jint count = env_->CallIntMethod(stream_, read_, chunk_, 0, std::min(size, kChunk));
    if (env_->ExceptionCheck()) return -1;
    if (count <= 0) return 0;
    env_->GetByteArrayRegion(chunk_, 0, count, static_cast<jbyte*>(buffer));
    return env_->ExceptionCheck() ? -1 : count;
  }

 private:
  JNIEnv* const env_;
  const jobject stream_;
  jmethodID read_;
  jbyteArray chunk_;
};

bool ReadGraph(JNIEnv* env, jobject stream, tensorflow::GraphDef* graph) {
  Stream source(env, stream);
  tensorflow::protobuf::io::CopyingInputStreamAdaptor adaptor(&source, kChunk);
  const bool read = !env->ExceptionCheck() && graph->ParseFromZeroCopyStream(&adaptor);
  if (env->ExceptionCheck()) return false;  // the stream's own
  if (!read || graph->node_size() == 0) {
    Throw(env, kArgument,
          read ? "the model has no nodes: it is empty, or no frozen graph"
               : "the model is no frozen graph (a GraphDef in its binary form), or not all of it");
    return false;
  }
  return true;
}

tensorflow::GraphDef Outline(const tensorflow::GraphDef& graph) {
  tensorflow::GraphDef outline;
  *outline.mutable_versions() = graph.versions();
  *outline.mutable_library() = graph.library();
  for (const auto& node : graph.node()) {
    auto* copy = outline.add_node();
    if (node.ByteSizeLong() <= kLargeConstant || node.op() != "Const") {
      *copy = node;
      continue;
    }
    copy->set_name(node.name());
    copy->set_op(node.op());
    *copy->mutable_input() = node.input();
    for (const auto& attr : node.attr()) {
      auto* value = &(*copy->mutable_attr())[attr.first];
      if (attr.first != "value") {
        *value = attr.second;
      } else {
        value->mutable_tensor()->set_dtype(attr.second.tensor().dtype());
        *value->mutable_tensor()->mutable_tensor_shape() = attr.second.tensor().tensor_shape();
      }
    }
  }
  return outline;
}

// ---- the graph ---------------------------------------------------------------------------

NodeFacts FactsOf(const tensorflow::Node& node, const tensorflow::ShapeRefiner& refiner) {
  NodeFacts facts;
  facts.name = node.name();
  facts.op = node.type_string();
  auto* context = refiner.GetContext(&node);
  for (int i = 0; i < node.num_outputs(); ++i) {
    facts.types.push_back(tensorflow::BaseType(node.output_type(i)));
    std::vector<int64_t> sizes;
    const bool ranked = context != nullptr && context->RankKnown(context->output(i));
    for (int d = 0; ranked && d < context->Rank(context->output(i)); ++d) {
      sizes.push_back(context->Value(context->Dim(context->output(i), d)));
    }
    facts.ranked.push_back(ranked);
    facts.shapes.push_back(std::move(sizes));
  }
  return facts;
}

Status FindFacts(Inference* inference) {
  if (inference->has_facts) return Status();
  tensorflow::Graph graph(tensorflow::OpRegistry::Global());
  tensorflow::ShapeRefiner refiner(inference->outline.versions(), graph.op_registry());
  refiner.set_require_shape_inference_fns(false);
  const Status status = tensorflow::ImportGraphDef({}, inference->outline, &graph, &refiner);
  if (!status.ok()) return status;
  std::map<std::string, const tensorflow::Node*> known;
  for (const tensorflow::Node* node : graph.op_nodes()) known[node->name()] = node;
  for (const auto& node : inference->outline.node()) {
    const auto found = known.find(node.name());
    if (found != known.end()) inference->facts.push_back(FactsOf(*found->second, refiner));
  }
  inference->outline.Clear();
  inference->has_facts = true;
  return Status();
}

// Java has one type of byte. An input that is not uint8 in the graph gets the type that it has.
DataType TypeToFeed(Inference* inference, const std::string& name, DataType type) {
  if (type != tensorflow::DT_UINT8 || !FindFacts(inference).ok()) return type;
  const size_t colon = name.find(':');
  const size_t index = colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1);
  for (const NodeFacts& node : inference->facts) {
    if (node.name != name.substr(0, colon) || index >= node.types.size()) continue;
    const DataType wanted = node.types[index];
    if (wanted == tensorflow::DT_INT8 || wanted == tensorflow::DT_QINT8 ||
        wanted == tensorflow::DT_QUINT8) {
      return wanted;
    }
  }
  return type;
}

bool Holds(DataType asked, DataType there) {
  if (asked != tensorflow::DT_UINT8) return asked == there;
  return there == tensorflow::DT_UINT8 || there == tensorflow::DT_INT8 ||
         there == tensorflow::DT_QINT8 || there == tensorflow::DT_QUINT8;
}

// ---- inputs and outputs ------------------------------------------------------------------

// A tensor of this shape, which must have as many elements as are given.
bool MakeTensor(JNIEnv* env, const std::string& name, DataType type, jlongArray dims,
                int64_t count, Tensor* tensor) {
  const jsize rank = env->GetArrayLength(dims);
  std::vector<jlong> given(rank);
  env->GetLongArrayRegion(dims, 0, rank, given.data());
  const std::vector<int64_t> sizes(given.begin(), given.end());
  TensorShape shape;
  if (!Good(env, tensorflow::TensorShapeUtils::MakeShape(sizes.data(), rank, &shape))) {
    return false;
  }
  if (shape.num_elements() != count) {
    Throw(env, kArgument,
          "the input " + Quoted(name) + " has " + std::to_string(count) +
              " elements, and its shape " + shape.DebugString() + " has " +
              std::to_string(shape.num_elements()));
    return false;
  }
  *tensor = Tensor(type, shape);
  if (!tensor->IsInitialized()) {
    Throw(env, kMemory, "no memory for the input " + Quoted(name));
    return false;
  }
  return true;
}

char* Bytes(const Tensor& tensor) { return const_cast<char*>(tensor.tensor_data().data()); }

// An output is found as 'name' and as 'name:0', however it was asked for.
std::string WithoutZero(const std::string& name) {
  const bool first = name.size() > 2 && name.compare(name.size() - 2, 2, ":0") == 0;
  return first ? name.substr(0, name.size() - 2) : name;
}

// The output of this name, or null if it was thrown that there is none.
const Tensor* Fetched(JNIEnv* env, Inference* inference, const std::string& name) {
  const auto found = inference->outputs.find(WithoutZero(name));
  if (found != inference->outputs.end()) return &found->second;
  Throw(env, kArgument, "the last run was not asked for the output " + Quoted(name));
  return nullptr;
}

bool HasType(JNIEnv* env, const std::string& name, const Tensor& tensor, DataType type) {
  if (Holds(type, tensor.dtype())) return true;
  Throw(env, kArgument,
        "the output " + Quoted(name) + " is " + tensorflow::DataTypeString(tensor.dtype()) +
            ", not " + tensorflow::DataTypeString(type));
  return false;
}

// The output, if it can be copied to elements of this type.
const Tensor* ToCopy(JNIEnv* env, Inference* inference, const std::string& name, DataType type,
                     jint room) {
  const Tensor* tensor = Fetched(env, inference, name);
  if (tensor == nullptr || !HasType(env, name, *tensor, type)) return nullptr;
  if (tensor->NumElements() <= room) return tensor;
  Throw(env, kArgument,
        "the output " + Quoted(name) + " has " + std::to_string(tensor->NumElements()) +
            " elements, and there is room for " + std::to_string(room));
  return nullptr;
}

char* Address(JNIEnv* env, jobject buffer) {
  void* address = env->GetDirectBufferAddress(buffer);
  if (address == nullptr) Throw(env, kArgument, "the buffer's memory cannot be reached");
  return static_cast<char*>(address);
}

void AddTimes(const tensorflow::StepStats& stats, std::map<std::string, NodeTime>* times) {
  for (const auto& device : stats.dev_stats()) {
    for (const auto& node : device.node_stats()) {
      NodeTime& time = (*times)[node.node_name()];
      time.runs += 1;
      time.micros += node.op_end_rel_micros() - node.op_start_rel_micros();
    }
  }
}

std::string TimesInLines(const std::map<std::string, NodeTime>& times) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& time : times) {
    sorted.emplace_back(-static_cast<double>(time.second.micros) / time.second.runs, time.first);
  }
  std::sort(sorted.begin(), sorted.end());
  std::string lines;
  for (const auto& each : sorted) {
    char number[64];
    snprintf(number, sizeof number, "%12.1f us  ", -each.first);
    lines += number + each.second + "\n";
  }
  return lines;
}

}  // namespace

// ---- what Java calls ---------------------------------------------------------------------

#define NATIVE(type, name) \
  JNIEXPORT type JNICALL Java_org_tensorflow_contrib_android_NativeSession_##name

NATIVE(jlong, open)(JNIEnv* env, jclass, jobject stream) {
  tensorflow::GraphDef graph;
  if (!ReadGraph(env, stream, &graph)) return 0;
  auto inference = std::make_unique<Inference>();
  inference->outline = Outline(graph);
  tensorflow::Session* made = nullptr;
  if (!Good(env, tensorflow::NewSession(tensorflow::SessionOptions(), &made))) return 0;
  inference->session.reset(made);
  if (!Good(env, made->Create(std::move(graph)))) return 0;
  return reinterpret_cast<jlong>(inference.release());
}

NATIVE(void, close)(JNIEnv*, jclass, jlong session) {
  std::unique_ptr<Inference> inference(At(session));
  // What it would say is of no use any more; the memory is freed in any case.
  inference->session->Close().IgnoreError();
}

NATIVE(void, feedArray)(JNIEnv* env, jclass, jlong session, jstring name, jint type,
                        jobject array, jint count, jlongArray shape) {
  const std::string input = ToText(env, name);
  const DataType wanted = TypeToFeed(At(session), input, static_cast<DataType>(type));
  Tensor tensor;
  if (!MakeTensor(env, input, wanted, shape, count, &tensor)) return;
  const size_t size = tensor.tensor_data().size();
  if (size > 0) {
    const auto values = static_cast<jarray>(array);
    void* from = env->GetPrimitiveArrayCritical(values, nullptr);
    if (from == nullptr) return Throw(env, kMemory, "no memory for the input " + Quoted(input));
    std::memcpy(Bytes(tensor), from, size);
    env->ReleasePrimitiveArrayCritical(values, from, JNI_ABORT);
  }
  At(session)->inputs.emplace_back(input, std::move(tensor));
}

NATIVE(void, feedBuffer)(JNIEnv* env, jclass, jlong session, jstring name, jint type,
                         jobject buffer, jint position, jint count, jlongArray shape) {
  const std::string input = ToText(env, name);
  const DataType wanted = TypeToFeed(At(session), input, static_cast<DataType>(type));
  Tensor tensor;
  if (!MakeTensor(env, input, wanted, shape, count, &tensor)) return;
  const size_t size = tensor.tensor_data().size();
  if (size > 0) {
    const char* from = Address(env, buffer);
    if (from == nullptr) return;
    from += static_cast<size_t>(position) * tensorflow::DataTypeSize(wanted);
    std::memcpy(Bytes(tensor), from, size);
  }
  At(session)->inputs.emplace_back(input, std::move(tensor));
}

NATIVE(void, feedStrings)(JNIEnv* env, jclass, jlong session, jstring name, jobjectArray values,
                          jlongArray shape) {
  const std::string input = ToText(env, name);
  const jsize count = env->GetArrayLength(values);
  Tensor tensor;
  if (!MakeTensor(env, input, tensorflow::DT_STRING, shape, count, &tensor)) return;
  auto strings = tensor.flat<tensorflow::tstring>();
  for (jsize i = 0; i < count; ++i) {
    auto item = static_cast<jbyteArray>(env->GetObjectArrayElement(values, i));
    if (item == nullptr) {
      return Throw(env, kNull, "string " + std::to_string(i) + " of " + Quoted(input) + " is null");
    }
    const jsize size = env->GetArrayLength(item);
    strings(i).resize_uninitialized(size);
    env->GetByteArrayRegion(item, 0, size, reinterpret_cast<jbyte*>(strings(i).mdata()));
    env->DeleteLocalRef(item);
  }
  At(session)->inputs.emplace_back(input, std::move(tensor));
}

NATIVE(void, run)(JNIEnv* env, jclass, jlong session, jobjectArray outputs, jobjectArray targets,
                  jboolean timed) {
  Inference* inference = At(session);
  const auto inputs = std::move(inference->inputs);
  inference->inputs.clear();
  inference->outputs.clear();
  std::vector<std::string> names, nodes;
  if (!ToTexts(env, outputs, &names) || !ToTexts(env, targets, &nodes)) return;
  std::vector<Tensor> found;
  tensorflow::RunOptions options;
  tensorflow::RunMetadata told;
  if (timed) options.set_trace_level(tensorflow::RunOptions::SOFTWARE_TRACE);
  const Status status =
      timed ? inference->session->Run(options, inputs, names, nodes, &found, &told)
            : inference->session->Run(inputs, names, nodes, &found);
  if (!Good(env, status)) return;
  for (size_t i = 0; i < names.size(); ++i) {
    inference->outputs[WithoutZero(names[i])] = std::move(found[i]);
  }
  AddTimes(told.step_stats(), &inference->times);
}

NATIVE(jint, fetchArray)(JNIEnv* env, jclass, jlong session, jstring name, jint type,
                         jobject array, jint room) {
  const Tensor* tensor =
      ToCopy(env, At(session), ToText(env, name), static_cast<DataType>(type), room);
  if (tensor == nullptr) return 0;
  const size_t size = tensor->tensor_data().size();
  if (size > 0) {
    const auto values = static_cast<jarray>(array);
    void* to = env->GetPrimitiveArrayCritical(values, nullptr);
    if (to == nullptr) {
      Throw(env, kMemory, "no memory for an output");
      return 0;
    }
    std::memcpy(to, Bytes(*tensor), size);
    env->ReleasePrimitiveArrayCritical(values, to, 0);
  }
  return static_cast<jint>(tensor->NumElements());
}

NATIVE(jint, fetchBuffer)(JNIEnv* env, jclass, jlong session, jstring name, jint type,
                          jobject buffer, jint position, jint room) {
  const Tensor* tensor =
      ToCopy(env, At(session), ToText(env, name), static_cast<DataType>(type), room);
  if (tensor == nullptr) return 0;
  const size_t size = tensor->tensor_data().size();
  if (size > 0) {
    char* to = Address(env, buffer);
    if (to == nullptr) return 0;
    to += static_cast<size_t>(position) * tensorflow::DataTypeSize(tensor->dtype());
    std::memcpy(to, Bytes(*tensor), size);
  }
  return static_cast<jint>(tensor->NumElements());
}

NATIVE(jobjectArray, fetchStrings)(JNIEnv* env, jclass, jlong session, jstring name) {
  const std::string output = ToText(env, name);
  const Tensor* tensor = Fetched(env, At(session), output);
  if (tensor == nullptr || !HasType(env, output, *tensor, tensorflow::DT_STRING)) return nullptr;
  const auto strings = tensor->flat<tensorflow::tstring>();
  jclass kind = env->FindClass("[B");
  jobjectArray array = env->NewObjectArray(static_cast<jsize>(strings.size()), kind, nullptr);
  for (jsize i = 0; array != nullptr && i < strings.size(); ++i) {
    const jsize size = static_cast<jsize>(strings(i).size());
    jbyteArray bytes = env->NewByteArray(size);
    if (bytes == nullptr) return nullptr;
    env->SetByteArrayRegion(bytes, 0, size, reinterpret_cast<const jbyte*>(strings(i).data()));
    env->SetObjectArrayElement(array, i, bytes);
    env->DeleteLocalRef(bytes);
  }
  return array;
}

NATIVE(jlongArray, fetchShape)(JNIEnv* env, jclass, jlong session, jstring name) {
  const Tensor* tensor = Fetched(env, At(session), ToText(env, name));
  if (tensor == nullptr) return nullptr;
  const auto sizes = tensor->shape().dim_sizes();
  return ToArray(env, std::vector<int64_t>(sizes.begin(), sizes.end()));
}

NATIVE(jstring, times)(JNIEnv* env, jclass, jlong session) {
  return ToJava(env, TimesInLines(At(session)->times));
}

NATIVE(jobjectArray, nodeNames)(JNIEnv* env, jclass, jlong session) {
  Inference* inference = At(session);
  if (!Good(env, FindFacts(inference))) return nullptr;
  std::vector<std::string> names;
  for (const NodeFacts& node : inference->facts) names.push_back(node.name);
  return ToArray(env, names);
}

NATIVE(jobjectArray, nodeOps)(JNIEnv* env, jclass, jlong session) {
  std::vector<std::string> ops;
  for (const NodeFacts& node : At(session)->facts) ops.push_back(node.op);
  return ToArray(env, ops);
}

NATIVE(jintArray, outputTypes)(JNIEnv* env, jclass, jlong session, jint node) {
  const NodeFacts& facts = At(session)->facts[node];
  const std::vector<jint> types(facts.types.begin(), facts.types.end());
  const jsize count = static_cast<jsize>(types.size());
  jintArray array = env->NewIntArray(count);
  if (array != nullptr) env->SetIntArrayRegion(array, 0, count, types.data());
  return array;
}

NATIVE(jlongArray, outputShape)(JNIEnv* env, jclass, jlong session, jint node, jint output) {
  const NodeFacts& facts = At(session)->facts[node];
  return facts.ranked[output] ? ToArray(env, facts.shapes[output]) : nullptr;
}
