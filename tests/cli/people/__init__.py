"""The command line about who shares the gateway."""
