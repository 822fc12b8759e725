"""The command line program `pdfseal`: one module a command group, no logic of its own."""
