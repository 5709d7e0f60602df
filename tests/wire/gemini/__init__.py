"""Chat to Gemini and back, held against Google's own SDK, recordings and an inverse of the translation."""
