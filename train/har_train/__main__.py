"""`python -m har_train` is `har-train`."""

import sys

from har_train.cli import main

sys.exit(main())
