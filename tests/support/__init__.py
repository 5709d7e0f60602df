"""The harness: real gateways, in processes and in the test's own loop, raw clients, scripted upstreams, checkers."""
