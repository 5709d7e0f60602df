"""Bodies that Cursor posts to chat, read and answered."""
