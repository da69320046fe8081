"""Programs for Apple's ARM64 run here: what they print, read and write, and how they end."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from machorun.__main__ import command
from machorun.tests.macho_files import Make
from tests.limits import HANG

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
COMMAND = command(None)

MASK = (1 << 64) - 1
DECLARED = """
typedef unsigned long size_t; typedef struct FILE FILE; typedef long va;
int printf(const char*, ...); int puts(const char*); int snprintf(char*, size_t, const char*, ...);
int sscanf(const char*, const char*, ...);
FILE* fopen(const char*, const char*); size_t fread(void*, size_t, size_t, FILE*);
size_t fwrite(const void*, size_t, size_t, FILE*); int fclose(FILE*);
char* fgets(char*, int, FILE*);
void* malloc(size_t); void free(void*); void* memcpy(void*, const void*, size_t);
void* memset(void*, int, size_t); size_t strlen(const char*); int strcmp(const char*, const char*);
void exit(int); void abort(void); int atexit(void (*)(void)); char* getenv(const char*);
void qsort(void*, size_t, size_t, int (*)(const void*, const void*));
double strtod(const char*, char**); long strtol(const char*, char**, int); float tanhf(float);
int usleep(unsigned); int absent_function(int);
typedef struct { long sig; char rest[56]; } lock_t; typedef void* thread_t;
int pthread_create(thread_t*, void*, void* (*)(void*), void*); int pthread_join(thread_t, void**);
int pthread_mutex_lock(lock_t*); int pthread_mutex_unlock(lock_t*);
int pthread_cond_wait(lock_t*, lock_t*); int pthread_cond_broadcast(lock_t*);
int pthread_once(lock_t*, void (*)(void));
#define MUTEX {0x32AAABA7}
#define COND {0x3CB0B1BB}
#define ONCE {0x30B1BCBA}
"""
SYMBOLS = (
    "_snprintf, _sscanf, _fwrite, _fgets, _strcmp, _atexit, _getenv, _qsort, _strtod, _strtol, "
    "_tanhf, _usleep, _absent_function, _pthread_create, _pthread_join, _pthread_mutex_lock, "
    "_pthread_mutex_unlock, _pthread_cond_wait, _pthread_cond_broadcast, _pthread_once, "
    "_bzero, ___stack_chk_guard, ___stack_chk_fail, _memmove, ___chkstk_darwin, "
    "_fegetround, _fesetround, "
    "_CFTimeZoneCopyDefault, _CFTimeZoneGetName, _CFRelease, _CFStringGetLength, "
    "_CFStringGetMaximumSizeForEncoding, _CFStringGetCString, "
    "___udivti3, ___umodti3, ___divti3, ___modti3"
)


@pytest.fixture(autouse=True)
def _emulator() -> None:
    for package in ("lief", "unicorn"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the Python package {package}")


@pytest.fixture
def make(compile_macho: Make, link_macho: Make) -> Make:
    """Makes a program."""

    def build(text: str, *, name: str = "app", minimum: str = "12.0") -> Path:
        item = compile_macho(f"{name}.o", DECLARED + text, "-fno-builtin")
        return link_macho(name, item, minimum=minimum, more=f", {SYMBOLS}")

    return build


@pytest.fixture
def run(make: Make) -> Run:
    """Makes a program and runs it with these words."""

    def start(text: str, *words: str, minimum: str = "12.0") -> subprocess.CompletedProcess[bytes]:
        argv = [*COMMAND, str(make(text, minimum=minimum)), *words]
        return subprocess.run(argv, capture_output=True, timeout=HANG, check=False)

    return start


def test_constructors_main_and_end_in_order(run: Run) -> None:
    done = run(
        """
__attribute__((constructor)) static void before(void) { puts("before"); }
static void after(void) { puts("after"); }
int main(int count, char** words) {
  atexit(after);
  for (int i = 1; i < count; ++i) printf("%d: %s\\n", i, words[i]);
  return 42;
}
""",
        "a b",
        "ä",
    )
    assert done.stdout.decode() == "before\n1: a b\n2: ä\nafter\n"
    assert (done.returncode, done.stderr) == (42, b"")


@pytest.mark.parametrize("minimum", ["12.0", "16.0"])
def test_data_points_to_where_it_was_mapped(run: Run, minimum: str) -> None:
    """In both forms in which linkers say what to mend, and which functions run first."""
    done = run(
        """
static int one(void) { return 1; } static int two(void) { return 2; }
static const struct { const char* name; int (*call)(void); } table[] = {{"one", one}, {"two", two}};
int (*system_call)(const char*) = puts;
int main(void) {
  for (int i = 0; i < 2; ++i) printf("%s %d\\n", table[i].name, table[i].call());
  system_call("called");
  return 0;
}
__attribute__((constructor)) static void before(void) { puts("before"); }
""",
        minimum=minimum,
    )
    assert done.stdout == b"before\none 1\ntwo 2\ncalled\n"


def test_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"first\nsecond\n")
    done = run(
        """
int main(int count, char** words) {
  char line[64], all[64];
  FILE* file = fopen(words[1], "r");
  while (fgets(line, sizeof line, file)) printf("[%.*s]", (int)strlen(line) - 1, line);
  fclose(file);
  file = fopen(words[1], "rb");
  size_t size = fread(all, 1, sizeof all, file);
  FILE* out = fopen(words[2], "wb");
  fwrite(all, 1, size, out);
  printf("%d %s\\n", (int)size, fopen("/nowhere/x", "r") ? "there" : "absent");
  return fclose(out);
}
""",
        str(tmp_path / "in.txt"),
        str(tmp_path / "out.txt"),
    )
    assert done.stdout == b"[first][second]13 absent\n"
    assert (tmp_path / "out.txt").read_bytes() == b"first\nsecond\n"


def test_numbers_of_128_bits(run: Run) -> None:
    done = run("""
typedef __int128 wide; typedef unsigned __int128 unsigned_wide;
static void show(wide x) { printf("%lx:%lx ", (unsigned long)(x >> 64), (unsigned long)x); }
int main(int count, char** words) {
  volatile wide a = ((wide)0x123456789abcdef0 << 64) + 42 + count, b = -1000000007;
  volatile unsigned_wide c = ~(unsigned_wide)0 - 41 - count, d = ((unsigned_wide)7 << 64) + count;
  show(a / b); show(a % b); show(-a / b); show(-a % b); show(c / d); show(c % d);
  return 0;
}
""")
    a, b = (0x123456789ABCDEF0 << 64) + 43, 1000000007
    c, d = (1 << 128) - 1 - 42, (7 << 64) + 1
    values = (-(a // b), a % b, a // b, -(a % b), c // d, c % d)
    expected = [f"{value >> 64 & MASK:x}:{value & MASK:x}" for value in values]
    assert (done.stdout.decode().split(), done.stderr) == (expected, b"")


def test_the_name_of_the_time_zone(run: Run) -> None:
    """As abseil asks for it."""
    done = run("""
const void* CFTimeZoneCopyDefault(void); const void* CFTimeZoneGetName(const void*);
void CFRelease(const void*); long CFStringGetLength(const void*);
long CFStringGetMaximumSizeForEncoding(long, unsigned);
unsigned char CFStringGetCString(const void*, char*, long, unsigned);
int main(void) {
  char text[99];
  const void* zone = CFTimeZoneCopyDefault();
  const void* name = CFTimeZoneGetName(zone);
  long length = CFStringGetLength(name);
  if (CFStringGetMaximumSizeForEncoding(length, 0x08000100) < length) return 1;
  if (CFStringGetCString(name, text, length, 0x08000100)) return 2;
  if (!CFStringGetCString(name, text, length + 1, 0x08000100)) return 3;
  CFRelease(zone);
  printf("%s %d\\n", text, length == (long)strlen(text));
  return 0;
}
""")
    name, same = done.stdout.decode().split()
    assert (done.returncode, same) == (0, "1")
    assert name == "GMT" or (Path("/usr/share/zoneinfo") / name).is_file()


def test_formats(run: Run) -> None:
    done = run("""
int main(void) {
  char text[99]; int a; long b; float f; double d; char word[9];
  printf("%5d|%-5d|%05d|%+d|%x|%#X|%o|%u|%ld|%llu|%zu|%hhd\\n",
         42, 42, -42, 42, 255, 255, 8, -1, -1L, -1ULL, (size_t)7, 300);
  printf("%f|%.2f|%8.3e|%g|%G|%g|%5s|%-5s|%.2s|%c|%%|%*d|%p\\n",
         1.5, 2.345, 12345.678, 1e20, 1e-5, 100.0, "ab", "ab", "abc", 'z', 4, 7, (void*)0x10);
  printf("%g %g %f %s\\n", 1.0 / 0.0, -1.0 / 0.0, 0.0 / 0.0, (char*)0);
  printf("%d\\n", snprintf(text, 4, "%s", "abcdef")); puts(text);
  printf("%d", sscanf("12 -34 0.5 2e3 word", "%d %ld %f %lf %s", &a, &b, &f, &d, word));
  printf(" %d %ld %g %g %s\\n", a, b, f, d, word);
  return 0;
}
""")
    assert done.stdout.decode().splitlines() == [
        "   42|42   |-0042|+42|ff|0XFF|10|4294967295|-1|18446744073709551615|7|44",
        "1.500000|2.35|1.235e+04|1e+20|1E-05|100|   ab|ab   |ab|z|%|   7|0x10",
        "inf -inf nan (null)",
        "6",
        "abc",
        "5 12 -34 0.5 2000 word",
    ]


def test_numbers_and_memory(run: Run) -> None:
    done = run("""
static int less(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }
int main(void) {
  int row[] = {5, 3, 9, 1, 7}; char* end;
  qsort(row, 5, 4, less);
  for (int i = 0; i < 5; ++i) printf("%d ", row[i]);
  printf("%g %s ", strtod("2.5rest", &end), end); printf("%ld %s ", strtol("0x1fz", &end, 0), end);
  char* big = malloc(1 << 20); memset(big, 7, 1 << 20); int sum = 0;
  for (int i = 0; i < 1 << 20; i += 4096) sum += big[i];
  free(big);
  printf("%d %.6f\\n", sum, tanhf(0.5f));
  return 0;
}
""")
    assert done.stdout == b"1 3 5 7 9 2.5 rest 31 z 1792 0.462117\n"


THREADS = """
static lock_t lock = MUTEX, turn = COND, first = ONCE;
static int next_one; static volatile int spins;
static void begin(void) { puts("begin"); }
static __thread int own = 10;
static void* work(void* word) {
  pthread_once(&first, begin);
  pthread_mutex_lock(&lock);
  while (next_one != (long)word) pthread_cond_wait(&turn, &lock);
  own += next_one++;
  printf("%ld %d\\n", (long)word, own);
  pthread_cond_broadcast(&turn);
  pthread_mutex_unlock(&lock);
  __atomic_fetch_add(&spins, 1, 5);
  return (void*)(long)own;
}
static void* spin(void* unused) { while (spins < 3) ; puts("spun"); return unused; }
int main(void) {
  thread_t threads[4]; void* result; long sum = 0;
  pthread_create(&threads[3], 0, spin, 0);
  for (long i = 2; i >= 0; --i) pthread_create(&threads[i], 0, work, (void*)i);
  for (int i = 0; i < 4; ++i) { pthread_join(threads[i], &result); sum += (long)result; }
  usleep(1000);
  printf("%ld %d\\n", sum, own);
  return 0;
}
"""


def test_threads(run: Run) -> None:
    """They wait for each other, have variables of their own, and one that waits in a loop does not
    keep the others from running."""
    lines = run(THREADS).stdout.decode().splitlines()
    assert sorted(lines) == sorted(["begin", "0 10", "1 11", "2 12", "spun", "33 10"])
    assert lines.index("0 10") < lines.index("1 11") < lines.index("2 12")
    assert lines[-1] == "33 10"


def test_all_threads_wait(run: Run) -> None:
    done = run(
        "static lock_t a = MUTEX; "
        "int main(void) { pthread_mutex_lock(&a); return pthread_mutex_lock(&a); }"
    )
    assert done.returncode == 134
    assert b"machorun: all threads wait for each other" in done.stderr


def test_crash(run: Run) -> None:
    done = run("""
__attribute__((noinline)) int crash(int* place) { return *place; }
int main(void) { puts("soon"); return crash((int*)16) + 1; }
""")
    assert (done.returncode, done.stdout) == (139, b"soon\n")
    text = done.stderr.decode()
    assert "machorun: the program reads 0x10, where it has no memory (SIGSEGV)" in text
    assert "_crash+0x0 (app)" in text
    assert "_main+" in text


def test_rounding(run: Run) -> None:
    """What the program sets is what its own instructions then do."""
    done = run("""
int fegetround(void); int fesetround(int);
int main(void) {
  volatile double one = 1, three = 3;
  printf("%x %a", fegetround(), one / three);
  printf(" %d %x %a", fesetround(0x400000), fegetround(), one / three);
  printf(" %d %d %a\\n", fesetround(0), fesetround(1), one / three);
  return 0;
}
""")
    assert done.returncode == 0
    down, up = "0x1.5555555555555p-2", "0x1.5555555555556p-2"
    assert done.stdout.decode() == f"0 {down} 0 400000 {up} 0 -1 {down}\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("exit(3);", 3, ""),
        ("abort();", 134, "the program calls abort() (SIGABRT)"),
        ("__builtin_trap();", 133, "the program stops itself (SIGTRAP)"),
        ('__asm__(".inst 0x00000000");', 132, "(SIGILL)"),
        ("((void (*)(void))0x10)();", 139, "the program jumps to 0x10"),
        ("*(volatile int*)24 = 1;", 139, "the program writes to 0x18"),
        ('memcpy((void*)8, "x", 1);', 139, "the program calls memcpy with 0x8"),
        ('free((void*)"x");', 134, "this is no allocated block"),
        ("absent_function(1);", 127, "calls absent_function, which this emulator does not have"),
    ],
)
def test_ends(run: Run, text: str, code: int, said: str) -> None:
    done = run(f'int main(void) {{ puts("now"); {text} return 9; }}')
    assert (done.returncode, done.stdout) == (code, b"now\n")
    assert said in done.stderr.decode()
    assert ("_main+" in done.stderr.decode()) == bool(said)


def _start(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [*COMMAND, *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=HANG, check=False)


def test_what_cannot_be_started(tmp_path: Path, compile_macho: Make) -> None:
    text = tmp_path / "text"
    text.write_text("text", encoding="utf-8")
    for path, what in (
        (tmp_path / "none", "none: No such file or directory"),
        (text, "text: is no Mach-O file"),
        (compile_macho("a.o", "int a;"), "a.o: is no program"),
        (compile_macho("b.o", "int b;", target="armv7-apple-ios9.0"), "b.o: is not for arm64"),
    ):
        done = _start(path)
        assert done.returncode == 127
        assert what in done.stderr
        assert "Traceback" not in done.stderr
    assert "usage: " in _start().stderr


def test_libraries_of_a_root(tmp_path: Path, compile_macho: Make, link_macho: Make) -> None:
    """A library's constructors run first, and it is found under its own path."""
    more = f", {SYMBOLS}"
    text = f"""{DECLARED}
__attribute__((constructor)) static void begin(void) {{ puts("library"); }}
static int value = 5; int* place = &value; int twice(int x) {{ return 2 * x + *place; }}
"""
    item = compile_macho("twice.o", text)
    name = "/usr/lib/libtwice.dylib"
    library = link_macho("libtwice.dylib", item, "-dylib", "-install_name", name, more=more)
    root = tmp_path / "root"
    (root / "usr/lib").mkdir(parents=True)
    main = compile_macho("main.o", "int twice(int); int main(void) { return twice(20); }")
    program = link_macho("app", main, library)
    library.rename(root / "usr/lib/libtwice.dylib")
    done = _start("-L", root, program)
    assert (done.returncode, done.stdout) == (45, "library\n")
    without = _start(program)
    assert without.returncode == 127
    assert "calls twice, which this emulator does not have" in without.stderr
