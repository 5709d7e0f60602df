"""Chat to Anthropic and back, held against Anthropic's own SDK and recordings."""
