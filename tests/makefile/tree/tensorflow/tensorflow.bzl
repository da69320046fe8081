# Rules of this tree's BUILD files.

def tf_kernel_library(name, prefix = None, srcs = [], hdrs = [], deps = [], **kwargs):
    """A library of kernels: all files whose names start with a prefix, or those named."""
    if prefix:
        srcs = srcs + native.glob([prefix + "*.cc"], exclude = ["*_test.cc"])
        hdrs = hdrs + native.glob([prefix + "*.h"])
    native.cc_library(name = name, srcs = srcs, hdrs = hdrs, deps = deps, alwayslink = 1, **kwargs)

def tf_gen_op_libs(op_lib_names, deps = []):
    """A library for each file of ops."""
    for name in op_lib_names:
        native.cc_library(
            name = name + "_op_lib",
            srcs = ["ops/" + name + ".cc"],
            deps = deps + ["//tensorflow/core:framework"],
            alwayslink = 1,
        )
