"""The console's pages about who shares the gateway."""
