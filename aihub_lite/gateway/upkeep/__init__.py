"""What goes on beside the requests: first start, model lists, probes, retention, sums for reports, and `route explain`.

May import every room of the gateway but `line`.
"""
