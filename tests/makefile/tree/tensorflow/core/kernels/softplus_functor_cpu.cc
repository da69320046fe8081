#include "tensorflow/core/kernels/softplus_functor.h"

#include <math.h>

namespace tensorflow {

double Softplus(double x) { return x > 30 ? x : log1p(exp(x)); }

}  // namespace tensorflow
