"""The definer index on small made-up sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtool.catalogue.definers import DefinerIndex
from buildtool.catalogue.definers_symbols import parse_symbol

SOURCES = {
    "core/graph.h": "namespace tensorflow {\nclass Graph {\n public:\n  Graph();\n};\n}\n",
    "core/graph.cc": """
#include "core/graph.h"
namespace tensorflow {

// Foo::InAComment() {
const char* const kText = "Foo::InAString() {";
const char kNames[] = {"a"};
const int kComputed = Compute(3);

Graph::Graph(int versions)
    : versions_(versions) {}

Graph::~Graph() {}

/* static */ Status Graph::Load(const std::function<void(int)>& done, int n) {
  return Other::Call(1);
}

static int Hidden(int x) { return x; }
int Shown(int x) { return Hidden(x); }
std::ostream& operator<<(std::ostream& os, const Graph& g) { return os; }
bool operator==(const Graph& a, const Graph& b) { return true; }

template <typename T>
std::vector<std::pair<int, T>> Graph::Pairs<T>(T value) {
}
Status Attr(const Node& node) { return Status(); }
}
""",
    "core/node.cc": """
namespace tensorflow {
Status Attr(const NodeDef& def, int x) { return Status(); }
void Declared(int x);
Graph::Edge::Edge(int x) {}
}
""",
    "core/function.cc": "namespace tensorflow {\nvoid UsesIt() {\n  Declared(3);\n}\n}\n",
    "core/test/graph_test.cc": "namespace tensorflow {\nint Shown(int x) { return x; }\n}\n",
    "kernels/fill_functor.cc": """
namespace tensorflow {
namespace functor {
template <typename T>
void SetOne<Eigen::ThreadPoolDevice, T>::operator()(const Device& d) {}
#define DEFINE(T) \\
  template struct SetZero<Eigen::ThreadPoolDevice, T>; \\
  template <> void Other<T>::Method(int x) {}
DEFINE(float)
template class Fill<CPUDevice, float>;
}
}
""",
    "tsl/default/env.cc": "namespace tsl {\nEnv* Env::Default() { return nullptr; }\n}\n",
    "tsl/windows/env.cc": "namespace tsl {\nEnv* Env::Default() { return nullptr; }\n}\n",
    "tsl/flags.h": "namespace tsl {\nbool GeneratedFlag();\n}\n",
    "tsl/flags.cc": "namespace tsl {\nMAKE_FLAG(Generated##Flag, true);\n}\n",
    "absl/mutex.cc": """
namespace absl {
ABSL_NAMESPACE_BEGIN
void Mutex::Lock() {}
ABSL_ATTRIBUTE_WEAK void ABSL_INTERNAL_C_SYMBOL(AbslSleep)(int x) {}
}
""",
    "nsync/mu.c": "void nsync_mu_lock (nsync_mu *mu) {\n}\n",
    "core/graph.proto": """
package tensorflow;
message GraphDef { message Node { enum Kind { A = 0; } } oneof x { int32 a = 1; } }
message After {}
""",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "tree"


def files_of(tree: Path) -> list[tuple[str, Path]]:
    return [("t", tree / name) for name in SOURCES if not name.endswith(".h")]


@pytest.mark.parametrize(
    ("symbol", "path"),
    [
        ("tensorflow::Graph::Graph(int)", "core/graph.cc"),
        ("tensorflow::Graph::~Graph()", "core/graph.cc"),
        ("tensorflow::Graph::Load(std::function<void (int)> const&, int)", "core/graph.cc"),
        ("vtable for tensorflow::Graph", "core/graph.cc"),
        ("typeinfo for tensorflow::Graph", "core/graph.cc"),
        ("non-virtual thunk to tensorflow::Graph::~Graph()", "core/graph.cc"),
        ("guard variable for tensorflow::Graph::Load()::done", "core/graph.cc"),
        ("tensorflow::kText", "core/graph.cc"),
        ("tensorflow::kNames", "core/graph.cc"),
        ("tensorflow::kComputed", "core/graph.cc"),
        ("tensorflow::Shown(int)", "core/graph.cc"),
        ("tensorflow::operator<<(std::ostream&, tensorflow::Graph const&)", "core/graph.cc"),
        ("tensorflow::operator==(tensorflow::Graph const&, int)", "core/graph.cc"),
        ("std::vector<int> tensorflow::Graph::Pairs<int>(int)", "core/graph.cc"),
        ("tensorflow::Attr(tensorflow::Node const&)", "core/graph.cc"),
        ("tensorflow::Attr(tensorflow::NodeDef const&, int)", "core/node.cc"),
        ("tensorflow::Graph::Edge::Edge(int)", "core/node.cc"),
        (
            "tensorflow::functor::SetOne<Eigen::ThreadPoolDevice, int>::operator()(Device const&)",
            "kernels/fill_functor.cc",
        ),
        (
            "tensorflow::functor::SetZero<Eigen::ThreadPoolDevice, bool>::operator()(int, float)",
            "kernels/fill_functor.cc",
        ),
        ("tensorflow::functor::Fill<CPUDevice, float>::Run()", "kernels/fill_functor.cc"),
        ("tensorflow::functor::Other<int>::Method(int)", "kernels/fill_functor.cc"),
        ("tsl::Env::Default()", "tsl/default/env.cc"),
        ("tsl::GeneratedFlag()", "tsl/flags.cc"),
        ("absl::lts_20230125::Mutex::Lock()", "absl/mutex.cc"),
        ("AbslSleep_lts_20230125", "absl/mutex.cc"),
        ("nsync_mu_lock", "nsync/mu.c"),
        ("nsync::nsync_mu_lock(nsync::nsync_mu_s_*)", "nsync/mu.c"),
        ("tensorflow::GraphDef::~GraphDef()", "core/graph.proto"),
        ("tensorflow::GraphDef_Node::Clear()", "core/graph.proto"),
        ("tensorflow::GraphDef_Node_Kind_IsValid(int)", "core/graph.proto"),
        ("tensorflow::_After_default_instance_", "core/graph.proto"),
        ("descriptor_table_core_2fgraph_2eproto", "core/graph.proto"),
        (
            "tensorflow::After* google::protobuf::Arena::CreateMaybeMessage<tensorflow::After>"
            "(google::protobuf::Arena*)",
            "core/graph.proto",
        ),
    ],
)
def test_best_candidate(tree: Path, symbol: str, path: str) -> None:
    found = DefinerIndex.build(files_of(tree), None).candidates(symbol)
    assert found[:1] == (tree / path,)


@pytest.mark.parametrize(
    "symbol", ["Foo::InAComment()", "Foo::InAString()", "unknown_symbol", "tensorflow::Absent(int)"]
)
def test_what_nothing_defines(tree: Path, symbol: str) -> None:
    assert DefinerIndex.build(files_of(tree), None).candidates(symbol) == ()


def test_names_that_macros_give_a_version(tmp_path: Path) -> None:
    (tmp_path / "ucnv.cpp").write_text(
        "U_CAPI UConverter* U_EXPORT2\nucnv_open(const char* name, UErrorCode* err)\n{\n}\n"
    )
    (tmp_path / "other.cpp").write_text("int ucnv_open_73(int x) { return x; }\n")
    index = DefinerIndex.build([("icu", path) for path in sorted(tmp_path.iterdir())], None)
    assert [path.name for path in index.candidates("ucnv_open_72")] == ["ucnv.cpp"]
    assert [path.name for path in index.candidates("ucnv_open_73")] == ["other.cpp"]
    assert index.candidates("_72") == ()


def test_a_static_function_is_no_definer(tree: Path) -> None:
    text = "namespace tensorflow {\nint Hidden(int x) { return x; }\n}\n"
    (tree / "core" / "node.cc").write_text(text, encoding="utf-8")
    found = DefinerIndex.build(files_of(tree), None).candidates("tensorflow::Hidden(int)")
    assert found == (tree / "core/node.cc",)


def test_a_declaration_is_weaker_than_a_definition(tree: Path) -> None:
    symbol = "tensorflow::Declared(int)"
    assert DefinerIndex.build(files_of(tree), None).candidates(symbol)[0] == tree / "core/node.cc"
    (tree / "core" / "function.cc").write_text(
        "namespace tensorflow {\nvoid Declared(int x) {\n}\n}\n", encoding="utf-8"
    )
    found = DefinerIndex.build(files_of(tree), None).candidates(symbol)
    assert found[0] == tree / "core/function.cc"


def test_tests_and_other_platforms_never_answer(tree: Path) -> None:
    index = DefinerIndex.build(files_of(tree), None)
    assert index.candidates("tensorflow::Shown(int)") == (tree / "core/graph.cc",)
    assert index.candidates("tsl::Env::Default()") == (tree / "tsl/default/env.cc",)
    windows = DefinerIndex.build(files_of(tree), None, foreign=("/default/",))
    assert windows.candidates("tsl::Env::Default()") == (tree / "tsl/windows/env.cc",)


def test_the_folder_of_the_tree_does_not_matter(tmp_path: Path) -> None:
    for name in ("a.cc", "b.cc"):
        path = tmp_path / "tests" / "gpu" / "windows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"void from_{name[0]}() {{\n}}\n", encoding="utf-8")
    files = [("t", path) for path in sorted(path.parent.iterdir())]
    assert DefinerIndex.build(files, None).candidates("from_a") == (path.parent / "a.cc",)


def test_preferred_files_come_first_among_equals(tree: Path) -> None:
    for name in ("one.cc", "two.cc"):
        (tree / name).write_text("namespace t {\nvoid Same(int x) {}\n}\n", encoding="utf-8")
    files = [("t", tree / "one.cc"), ("t", tree / "two.cc")]
    plain = DefinerIndex.build(files, None).candidates("t::Same(int)")
    other = DefinerIndex.build(files, None, preferred=[tree / "two.cc"]).candidates("t::Same(int)")
    assert plain == (tree / "one.cc", tree / "two.cc")
    assert other == (tree / "two.cc", tree / "one.cc")


class TestCache:
    def test_is_by_content(self, tree: Path, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        files = files_of(tree)
        first = DefinerIndex.build(files, cache).candidates("tensorflow::Shown(int)")
        stored = next(cache.iterdir())
        stored.write_text(stored.read_text().replace("::Shown", "::Renamed"))
        again = DefinerIndex.build(files, cache)
        assert first == (tree / "core/graph.cc",)
        assert again.candidates("tensorflow::Renamed(int)") == first

    def test_a_changed_file_is_read_anew(self, tree: Path, tmp_path: Path) -> None:
        DefinerIndex.build(files_of(tree), tmp_path / "cache")
        (tree / "nsync/mu.c").write_text("void nsync_cv_wait (int x) {\n}\n", encoding="utf-8")
        index = DefinerIndex.build(files_of(tree), tmp_path / "cache")
        assert index.candidates("nsync_cv_wait") == (tree / "nsync/mu.c",)
        assert index.candidates("nsync_mu_lock") == ()

    @pytest.mark.parametrize("damage", ["", "{", "[1]"])
    def test_damaged_is_made_anew(self, tree: Path, tmp_path: Path, damage: str) -> None:
        cache = tmp_path / "cache"
        DefinerIndex.build(files_of(tree), cache)
        next(cache.iterdir()).write_text(damage)
        index = DefinerIndex.build(files_of(tree), cache)
        assert index.candidates("nsync_mu_lock") == (tree / "nsync/mu.c",)


HEADER = """
namespace tensorflow {
#define DEFINE_CPU_KERNELS(T) \\
  template struct functor::Slice<CpuDevice, T, CPU_PROVIDED_IXDIM>;
TF_CALL_ALL_TYPES(DEFINE_CPU_KERNELS);
#if GOOGLE_CUDA
extern template struct Other<GPUDevice, int>;
template struct Other<GPUDevice, float>;
#endif
}
"""
INSTANCES = {
    "core/kernels/slice_op.cc": """
#include "core/kernels/slice_op.h"
namespace tensorflow {
namespace functor {
#define DECLARE_CPU_SPEC(T, NDIM)   \\
  template <>                       \\
  void Slice<GPUDevice, T, NDIM>::operator()(int size); \\
  extern template struct Slice<CPUDevice, T, NDIM>;
}
}
""",
    "core/kernels/slice_op_cpu_impl.h": HEADER,
    "core/kernels/slice_more.h": '#include "core/kernels/slice_op_cpu_impl.h"\n',
    "core/kernels/slice_op_cpu_impl_1.cc": '#define DIM 1\n#include "core/kernels/slice_more.h"\n',
    "core/kernels/slice_op_cpu_impl_3.cc": "#include <vector>\n"
    '#  include "core/kernels/slice_op_cpu_impl.h"\n',
    "core/other/slice_user.cc": '#include "core/kernels/slice_op_cpu_impl.h"\n',
    "core/kernels/tile_int32.cc": "template struct Tile<Device, int32, int32>;\n",
    "core/kernels/tile_int64.cc": "template struct Tile<Device, int64_t, int32>;\n",
    "core/kernels/tile_complex64.cc": "template struct Tile<Device, complex64, int32>;\n",
    "core/kernels/tile_uint8.cc": "template struct Tile<Device, uint8, int32>;\n",
}


class TestInstances:
    """Templates that sources instantiate through a macro of a header, or one type in each."""

    @pytest.fixture
    def index(self, tmp_path: Path) -> DefinerIndex:
        for name, text in INSTANCES.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return DefinerIndex.build(
            [("t", tmp_path / name) for name in INSTANCES if name.endswith(".cc")], None
        )

    @pytest.mark.parametrize("dimensions", [1, 3])
    def test_by_a_header(self, index: DefinerIndex, dimensions: int) -> None:
        symbol = f"tensorflow::functor::Slice<Eigen::Device, int, {dimensions}>::operator()(int)"
        assert [path.name for path in index.candidates(symbol)][:2] == [
            f"slice_op_cpu_impl_{dimensions}.cc",
            f"slice_op_cpu_impl_{4 - dimensions}.cc",
        ]

    @pytest.mark.parametrize(
        ("argument", "file"),
        [
            ("int", "int32"),
            ("long", "int64"),
            ("long long", "int64"),
            ("std::complex<float>", "complex64"),
            ("unsigned char", "uint8"),
        ],
    )
    def test_by_type(self, index: DefinerIndex, argument: str, file: str) -> None:
        symbol = f"tensorflow::Tile<Eigen::Device, {argument}, int>::operator()(int)"
        assert index.candidates(symbol)[0].name == f"tile_{file}.cc"

    def test_what_another_file_instantiates_or_a_gpu_needs(self, index: DefinerIndex) -> None:
        assert index.candidates("tensorflow::Other<Device, float>::operator()(int)") == ()


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("#if GOOGLE_CUDA", 1),
        ("#if (defined(GOOGLE_CUDA) && GOOGLE_CUDA) || defined(TENSORFLOW_USE_ROCM)", 1),
        ("#ifdef TENSORFLOW_USE_ROCM", 1),
        ("#if !GOOGLE_CUDA", 2),
        ("#ifndef GOOGLE_CUDA", 2),
        ("#if GOOGLE_CUDAX", 2),
    ],
)
def test_what_is_compiled_for_gpus_alone(tmp_path: Path, condition: str, count: int) -> None:
    gpu = f"{condition}\n#if X\n#else\n#endif\nint Here() {{ return 1; }}\n"
    texts = {"a": f"{gpu}#else\n#endif\n", "b": f"{gpu}#else\nint Here() {{ return 2; }}\n#endif\n"}
    for name, text in texts.items():
        (tmp_path / f"{name}.cc").write_text(text, encoding="utf-8")
    index = DefinerIndex.build([("t", tmp_path / f"{name}.cc") for name in texts], None)
    assert len(index.candidates("Here()")) == count


@pytest.mark.parametrize(
    ("demangled", "arguments"),
    [
        ("a::F<Eigen::Device, unsigned int, (a::Kind)0, 7ul>::f(g<h>)", "Eigen Device uint32 7"),
        ("void a::f<std::complex<double>, tsl::tstring>(int)", "complex128 tsl tstring"),
        ("a::f(b<c>)", ""),
    ],
)
def test_template_arguments(demangled: str, arguments: str) -> None:
    assert " ".join(parse_symbol(demangled).arguments) == arguments


@pytest.mark.parametrize(
    ("demangled", "scopes", "name"),
    [
        ("a::B<c::D<int>, e>::f(g::H<i>) const", ("a", "B"), "f"),
        ("void a::f<int>(int)", ("a",), "f"),
        ("std::vector<a::B> const& a::C::get()", ("a", "C"), "get"),
        ("a::B::operator()(int) const", ("a", "B"), "operator()"),
        ("a::operator<<(std::ostream&, a::B<int> const&)", ("a",), "operator<<"),
        ("a::B::operator bool() const", ("a", "B"), "operator"),
        ("a::f[abi:cxx11](int)", ("a",), "f"),
        ("absl::lts_20230125::Mutex::~Mutex()", ("absl", "Mutex"), "~Mutex"),
        ("a::(anonymous namespace)::f()", ("a",), "f"),
        ("typeinfo name for a::B<int>", ("a",), "B"),
        ("construction vtable for a::B-in-a::C", ("a",), "B"),
        ("_ZNK4absl12lts_202301254CordcvNSt7__cxx1112basic_stringE", ("absl", "Cord"), "operator"),
        ("plain_c_name", (), "plain_c_name"),
    ],
)
def test_parse_symbol(demangled: str, scopes: tuple[str, ...], name: str) -> None:
    symbol = parse_symbol(demangled)
    assert (symbol.scopes, symbol.name) == (scopes, name)
