"""What tests of every layer share."""

import os

# Tests run side by side, a process for each core. Torch and numpy, which would take every core for
# each of them, spin while they wait for one: forty times slower, seen with two processes on two.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

pytest_plugins = ["s2v.testing.postgres", "s2v.testing.s3"]
