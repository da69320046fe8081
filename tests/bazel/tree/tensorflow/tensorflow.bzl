# Rules and conditions of this tree's BUILD files.

def if_android(a):
    """Something that is there for Android only."""
    return select({
        "//tensorflow:android": a,
        "//conditions:default": [],
    })

def if_not_android(a):
    """Something that is there for all but Android."""
    return select({
        "//tensorflow:android": [],
        "//conditions:default": a,
    })

def tf_copts():
    """How all files of this tree are compiled."""
    return ["-std=c++11", "-Wno-sign-compare", "-fno-exceptions"] + if_android([
        "-DTF_LEAN_BINARY",
        "-DIS_MOBILE_PLATFORM",
        "-O2",
    ])

def tf_kernel_library(name, prefix = None, srcs = [], hdrs = [], deps = [], **kwargs):
    """A library of kernels: all files whose names start with a prefix, or those named."""
    if prefix:
        srcs = srcs + native.glob([prefix + "*.cc"], exclude = ["*_test.cc"])
        hdrs = hdrs + native.glob([prefix + "*.h"])
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = tf_copts(),
        deps = deps,
        alwayslink = 1,
        **kwargs
    )

def tf_gen_op_libs(op_lib_names, deps = []):
    """A library for each file of ops."""
    for name in op_lib_names:
        native.cc_library(
            name = name + "_op_lib",
            srcs = ["ops/" + name + ".cc"],
            copts = tf_copts(),
            deps = deps + ["//tensorflow/core:framework"],
            alwayslink = 1,
        )

def tf_proto_library(name, srcs = []):
    """C++ of messages, by protobuf's compiler."""
    outs = [src[:-len(".proto")] for src in srcs]
    native.genrule(
        name = name + "_genproto",
        srcs = srcs,
        outs = [out + ".pb.cc" for out in outs] + [out + ".pb.h" for out in outs],
        cmd = "$(location @protobuf_archive//:protoc) --cpp_out=$(GENDIR) -I. $(SRCS)",
        tools = ["@protobuf_archive//:protoc"],
    )
    native.cc_library(
        name = name,
        srcs = [out + ".pb.cc" for out in outs],
        hdrs = [out + ".pb.h" for out in outs],
        copts = ["-std=c++11", "-Wno-sign-compare"],
        deps = ["@protobuf_archive//:protobuf_lite"],
    )

def tf_proto_text(name, srcs = []):
    """Names of enumerations as text."""
    outs = [src[:-len(".proto")] + ".pb_text" for src in srcs]
    for src, out in zip(srcs, outs):
        native.genrule(
            name = out.replace("/", "_"),
            srcs = [src],
            outs = [out + ".h", out + ".cc"],
            cmd = "$(location //tensorflow/tools/proto_text) $(SRCS) $(OUTS)",
            tools = ["//tensorflow/tools/proto_text"],
        )
    native.cc_library(
        name = name,
        srcs = [out + ".cc" for out in outs],
        hdrs = [out + ".h" for out in outs],
        copts = tf_copts(),
        deps = [":protos_all_cc"],
    )
