"""A client's Messages to chat and back, and passed on natively."""
