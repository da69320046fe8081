"""The one limit of tests on how long a process may take."""

# It ends what hangs, and nothing else: on a busy machine of a quarter of the speed that the tests
# were written on, the slowest build takes half of it.
HANG = 3600.0
