// What the Java class org.tensorflow.contrib.android.Inference calls.
#include <android/log.h>
#include <jni.h>

#include <memory>

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_def.pb.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/session_options.h"

extern "C" {

JNIEXPORT jint JNICALL Java_org_tensorflow_contrib_android_Inference_countOps(JNIEnv*, jclass) {
  tensorflow::OpList ops;
  tensorflow::OpRegistry::Global()->Export(false, &ops);
  __android_log_print(ANDROID_LOG_INFO, "inference", "%d ops", ops.op_size());
  return ops.op_size();
}

JNIEXPORT jlong JNICALL Java_org_tensorflow_contrib_android_Inference_allocate(JNIEnv*, jclass) {
  return reinterpret_cast<jlong>(tensorflow::NewSession(tensorflow::SessionOptions()));
}

JNIEXPORT void JNICALL Java_org_tensorflow_contrib_android_Inference_delete(JNIEnv*, jclass,
                                                                          jlong session) {
  delete reinterpret_cast<tensorflow::Session*>(session);
}

}  // extern "C"
