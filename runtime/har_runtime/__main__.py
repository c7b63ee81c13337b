"""`python -m har_runtime` is `har-stream`."""

import sys

from har_runtime.cli.stream import main

sys.exit(main())
