// Calls the functions that Java calls, where there is no Java machine: as much of JNI as they use,
// with C++ in place of Java's objects.
//
//   caller LIBRARY MODEL INPUT FILE OUTPUT FILE
//
// loads the model, feeds it one row of floats and writes the row of floats that it gives. An
// exception is one line on standard error, and ends it with 1.

#include <dlfcn.h>
#include <jni.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

struct Object {
  std::string text;                // a string, a class's name, or the bytes of an array
  std::vector<Object*> items;      // of an array of objects
  size_t element = 1;              // bytes of an element
  FILE* stream = nullptr;
};

Object* Of(jobject object) { return reinterpret_cast<Object*>(object); }
template <typename T>
T As(Object* object) { return reinterpret_cast<T>(object); }

std::string thrown;

Object* Made(std::string text, size_t element = 1) {
  auto* made = new Object;
  made->text = std::move(text);
  made->element = element;
  return made;
}

jclass FindClass(JNIEnv*, const char* name) { return As<jclass>(Made(name)); }
jclass GetObjectClass(JNIEnv*, jobject) { return As<jclass>(Made("class")); }
jmethodID GetMethodID(JNIEnv*, jclass, const char* name, const char*) {
  return reinterpret_cast<jmethodID>(const_cast<char*>(name));
}
jint Throw(JNIEnv*, jthrowable what) {
  thrown = Of(what)->text;
  return 0;
}
jboolean ExceptionCheck(JNIEnv*) { return !thrown.empty(); }
void DeleteLocalRef(JNIEnv*, jobject) {}
jstring NewStringUTF(JNIEnv*, const char* text) { return As<jstring>(Made(text)); }
// new String(bytes, "UTF-8"), or new SomeException(text).
jobject NewObjectV(JNIEnv*, jclass kind, jmethodID, va_list words) {
  const std::string text = Of(va_arg(words, jobject))->text;
  const std::string name = Of(kind)->text;
  return As<jobject>(Made(name == "java/lang/String" ? text : name + ": " + text));
}
// stream.read(bytes, from, count)
jint CallIntMethodV(JNIEnv*, jobject stream, jmethodID, va_list words) {
  Object* bytes = Of(va_arg(words, jobject));
  const int from = va_arg(words, int), count = va_arg(words, int);
  const size_t found = fread(&bytes->text[from], 1, count, Of(stream)->stream);
  return found > 0 ? static_cast<jint>(found) : -1;
}
const char* GetStringUTFChars(JNIEnv*, jstring text, jboolean*) { return Of(text)->text.c_str(); }
void ReleaseStringUTFChars(JNIEnv*, jstring, const char*) {}
jsize GetArrayLength(JNIEnv*, jarray array) {
  Object* it = Of(array);
  return static_cast<jsize>(it->items.empty() ? it->text.size() / it->element : it->items.size());
}
jobject GetObjectArrayElement(JNIEnv*, jobjectArray array, jsize i) {
  return As<jobject>(Of(array)->items[i]);
}
jbyteArray NewByteArray(JNIEnv*, jsize count) {
  return As<jbyteArray>(Made(std::string(count, '\0')));
}
void GetByteArrayRegion(JNIEnv*, jbyteArray array, jsize from, jsize count, jbyte* to) {
  memcpy(to, &Of(array)->text[from], count);
}
void SetByteArrayRegion(JNIEnv*, jbyteArray array, jsize at, jsize count, const jbyte* from) {
  memcpy(&Of(array)->text[at], from, count);
}
void GetLongArrayRegion(JNIEnv*, jlongArray array, jsize from, jsize count, jlong* to) {
  memcpy(to, &Of(array)->text[from * sizeof(jlong)], count * sizeof(jlong));
}
void* GetPrimitiveArrayCritical(JNIEnv*, jarray array, jboolean*) { return &Of(array)->text[0]; }
void ReleasePrimitiveArrayCritical(JNIEnv*, jarray, void*, jint) {}

void* Function(void* library, const char* name) {
  const std::string whole = std::string("Java_org_tensorflow_contrib_android_NativeSession_") + name;
  void* found = dlsym(library, whole.c_str());
  if (found == nullptr) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return found;
}

void Check() {
  if (thrown.empty()) return;
  fprintf(stderr, "%s\n", thrown.c_str());
  exit(1);
}

std::string ReadFile(const char* path) {
  std::string content(1 << 20, '\0');
  FILE* file = fopen(path, "rb");
  if (file == nullptr) exit(2);
  content.resize(fread(&content[0], 1, content.size(), file));
  fclose(file);
  return content;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  // The table of functions has other names in a JDK and in an NDK.
  std::remove_const_t<std::remove_pointer_t<decltype(JNIEnv::functions)>> functions;
  memset(&functions, 0, sizeof functions);
#define HAS(name) functions.name = name
  HAS(FindClass);
  HAS(GetObjectClass);
  HAS(GetMethodID);
  HAS(Throw);
  HAS(ExceptionCheck);
  HAS(DeleteLocalRef);
  HAS(NewStringUTF);
  HAS(NewObjectV);
  HAS(CallIntMethodV);
  HAS(GetStringUTFChars);
  HAS(ReleaseStringUTFChars);
  HAS(GetArrayLength);
  HAS(GetObjectArrayElement);
  HAS(NewByteArray);
  HAS(GetByteArrayRegion);
  HAS(SetByteArrayRegion);
  HAS(GetLongArrayRegion);
  HAS(GetPrimitiveArrayCritical);
  HAS(ReleasePrimitiveArrayCritical);
  JNIEnv env;
  env.functions = &functions;

  void* library = dlopen(argv[1], RTLD_NOW);
  if (library == nullptr) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  Object stream;
  stream.stream = fopen(argv[2], "rb");
  if (stream.stream == nullptr) return 2;
  using Open = jlong (*)(JNIEnv*, jclass, jobject);
  const jlong session =
      reinterpret_cast<Open>(Function(library, "open"))(&env, nullptr, As<jobject>(&stream));
  Check();

  Object* values = Made(ReadFile(argv[4]), sizeof(float));
  const jint count = GetArrayLength(&env, As<jarray>(values));
  const jlong sizes[] = {1, count};
  Object* shape = Made(std::string(reinterpret_cast<const char*>(sizes), sizeof sizes), 8);
  using Feed = void (*)(JNIEnv*, jclass, jlong, jstring, jint, jobject, jint, jlongArray);
  reinterpret_cast<Feed>(Function(library, "feedArray"))(
      &env, nullptr, session, As<jstring>(Made(argv[3])), 1, As<jobject>(values), count,
      As<jlongArray>(shape));
  Check();

  Object outputs, none;
  outputs.items.push_back(Made(argv[5]));
  using Run = void (*)(JNIEnv*, jclass, jlong, jobjectArray, jobjectArray, jboolean);
  reinterpret_cast<Run>(Function(library, "run"))(&env, nullptr, session,
                                                  As<jobjectArray>(&outputs),
                                                  As<jobjectArray>(&none), JNI_FALSE);
  Check();

  Object* found = Made(std::string(1 << 16, '\0'), sizeof(float));
  using Fetch = jint (*)(JNIEnv*, jclass, jlong, jstring, jint, jobject, jint);
  const jint made = reinterpret_cast<Fetch>(Function(library, "fetchArray"))(
      &env, nullptr, session, As<jstring>(Made(argv[5])), 1, As<jobject>(found),
      (1 << 16) / sizeof(float));
  Check();
  FILE* file = fopen(argv[6], "wb");
  if (file == nullptr) return 2;
  fwrite(found->text.data(), sizeof(float), made, file);
  fclose(file);

  using Close = void (*)(JNIEnv*, jclass, jlong);
  reinterpret_cast<Close>(Function(library, "close"))(&env, nullptr, session);
  return 0;
}
