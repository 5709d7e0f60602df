"""What is paused, as official SDKs meet it at a running gateway."""
