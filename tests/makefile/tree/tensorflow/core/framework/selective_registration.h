// Which ops and kernels get registered: all, or those that ops_to_register.h asks for.
#ifndef TENSORFLOW_CORE_FRAMEWORK_SELECTIVE_REGISTRATION_H_
#define TENSORFLOW_CORE_FRAMEWORK_SELECTIVE_REGISTRATION_H_

#include <string.h>

#ifdef SELECTIVE_REGISTRATION

#include "ops_to_register.h"

#if !defined(SHOULD_REGISTER_OP) || !defined(SHOULD_REGISTER_OP_KERNEL) || \
    !defined(SHOULD_REGISTER_OP_GRADIENT)
#error ops_to_register.h lacks one of its macros
#endif

#else

#define SHOULD_REGISTER_OP(op) true
#define SHOULD_REGISTER_OP_KERNEL(clz) true
#define SHOULD_REGISTER_OP_GRADIENT true

#endif

#endif  // TENSORFLOW_CORE_FRAMEWORK_SELECTIVE_REGISTRATION_H_
