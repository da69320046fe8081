static int count = 0;
int kit_parts() { return count; }
static int part = ++count;
