"""The gateway in the test's own event loop: real storage, a clock that the test moves, upstreams without a network."""
