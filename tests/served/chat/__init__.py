"""Chat in front of Anthropic and Gemini: recordings whole and counted, thoughts with whom they are bound to."""
