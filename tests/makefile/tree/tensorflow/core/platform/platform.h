// Which kind of machine this is compiled for.
#ifndef TENSORFLOW_CORE_PLATFORM_PLATFORM_H_
#define TENSORFLOW_CORE_PLATFORM_PLATFORM_H_

#if defined(_WIN32)
#define PLATFORM_WINDOWS
#else
#define PLATFORM_POSIX
#endif

// An ARM that nobody vouches for is a phone, where types are scarce.
#if defined(__arm__) && !defined(RASPBERRY_PI) && !defined(ARM_NON_MOBILE)
#define IS_MOBILE_PLATFORM
#endif

#endif  // TENSORFLOW_CORE_PLATFORM_PLATFORM_H_
