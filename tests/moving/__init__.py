"""Moving in from other gateways: what their databases hold, read by us, and what becomes of it."""
