#include <registry.h>
#ifndef TF_LEAN_BINARY
#error "the package's definitions are missing"
#endif
int engine_sees() { return registered(); }
