// Not for a library on a device: whoever compiles it did not leave it out.
#include "external/nowhere/events.h"
