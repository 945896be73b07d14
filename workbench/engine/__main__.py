"""What the child process of a trial run does."""

import sys

from workbench.engine.trial import run_trial

try:
    run_trial(sys.argv[1])
except Exception as error:
    sys.exit(str(error))
