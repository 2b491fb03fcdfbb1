"""To be imported before numpy, whose products then take one thread: their bits do not depend on the machine's number.

On matrices as small as a head's more threads wait for each other: on a busy machine they take ten times as long.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
