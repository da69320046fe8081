// Ends with 0 if everything that registers itself has done so, once.
#include <cstdio>

int registered();
int kit_parts();

int main() {
#ifdef WITH_KIT
  if (kit_parts() != 1) return 2;
#endif
  std::printf("%d\n", registered());
  return registered() == 1 ? 0 : 1;
}
