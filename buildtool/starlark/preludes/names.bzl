"""Names that Bazel knows, for build_rules.bzl and for its reader in Python."""

# Attributes that say which files a target has, which targets it needs, how it is compiled and when
# it applies.
KEPT = [
    "actual",
    "build_setting_default",
    "constraint_values",
    "copts",
    "define_values",
    "deps",
    "flag_values",
    "hdrs",
    "match_all",
    "match_any",
    "name",
    "out",
    "outs",
    "srcs",
    "testonly",
    "textual_hdrs",
    "values",
]

# The rules of BUILD and WORKSPACE files.
RULES = """
    action_listener alias android_binary android_library apple_binary apple_static_library
    cc_binary cc_import cc_library cc_proto_library cc_shared_library cc_test cc_toolchain
    cc_toolchain_suite config_setting constraint_setting constraint_value environment
    environment_group exports_files extra_action fdo_profile filegroup genquery genrule
    go_library go_test ios_application j2objc_library java_binary java_import
    java_lite_proto_library java_library java_plugin java_proto_library java_test label_flag
    label_setting licenses objc_library package package_group platform proto_lang_toolchain
    proto_library py_binary py_library py_runtime py_test sh_binary sh_library sh_test
    swift_library test_suite toolchain toolchain_type xcode_config xcode_version bind
    local_repository new_local_repository workspace register_toolchains git_repository
    new_git_repository http_archive new_http_archive
""".split()

# Structures that macros only mention, or that implementations of rules use.
STRUCTURES = """
    CcInfo DefaultInfo JavaInfo OutputGroupInfo PyInfo apple_common cc_common config
    config_common coverage_common java_common platform_common proto_common testing
""".split()
