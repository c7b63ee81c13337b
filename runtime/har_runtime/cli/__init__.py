"""The command har-stream and its subcommands."""
