"""The one limit of tests on how long a process may take."""

# It ends what hangs, and nothing else: on a busy machine of a quarter of the speed that the tests
# were written on, the slowest build takes three quarters of it. A test that hangs by itself is
# ended by pytest-timeout some minutes later: `timeout` in pyproject.toml.
HANG = 1800.0
