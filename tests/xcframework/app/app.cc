#include "tensorflow/core/public/session.h"

#if TYPES != 1 || EIGEN_MAX_ALIGN_BYTES != 64
#error "not the headers or the macros of the package"
#endif

int main() { return session(); }
