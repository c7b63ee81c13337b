"""A page with buttons for commands that ask for keys: `--page live:HOST:PORT` of `record` and `personalise`."""
