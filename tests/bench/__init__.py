"""How fast the gateway is: measured, printed beside the targets, judged by the reader. `python -m tests.bench`."""
