"""Client SDKs in four languages and two coding tools, each run once against a running gateway."""
