"""A client's Responses to chat and back, and passed on natively."""
