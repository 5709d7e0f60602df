"""Traffic of fifty tokens over thirty days, with loops that are known, for the breaker to be judged by."""
