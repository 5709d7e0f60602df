"""What goes on beside the requests: first start, model lists, retention, explanations of routes."""
