"""Chat Completions, the hub: requests, answers, streams and usage of many dialects made strict."""
