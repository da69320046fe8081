// Needs a library that is nowhere: whoever compiles it did not leave it out.
#include "external/nowhere/jpeglib.h"
