#ifndef TENSORFLOW_CORE_KERNELS_CWISE_OPS_H_
#define TENSORFLOW_CORE_KERNELS_CWISE_OPS_H_

namespace tensorflow {
namespace functor {

template <typename T>
struct add {
  typedef T in_type;
  static T Of(T x, T y) { return x + y; }
};

template <typename T>
struct sub {
  typedef T in_type;
  static T Of(T x, T y) { return x - y; }
};

template <typename T>
struct mul {
  typedef T in_type;
  static T Of(T x, T y) { return x * y; }
};

}  // namespace functor
}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_CWISE_OPS_H_
