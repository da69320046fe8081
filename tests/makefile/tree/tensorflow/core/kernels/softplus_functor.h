#ifndef TENSORFLOW_CORE_KERNELS_SOFTPLUS_FUNCTOR_H_
#define TENSORFLOW_CORE_KERNELS_SOFTPLUS_FUNCTOR_H_

namespace tensorflow {

// log(1 + exp(x)), without overflow. Defined in softplus_functor_cpu.cc.
double Softplus(double x);

}  // namespace tensorflow

#endif  // TENSORFLOW_CORE_KERNELS_SOFTPLUS_FUNCTOR_H_
