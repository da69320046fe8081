// Draws graphs; not for a library. Its header is nowhere.
#include "tensorflow/core/graph/dot.h"
