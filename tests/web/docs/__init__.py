"""The documentation that a gateway serves of itself."""
