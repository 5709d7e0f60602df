"""The console in a headless Chromium; any complaint of the browser fails the test that provoked it."""
