"""The outside world: keys, commands, network, databases. Nothing below imports this package."""
