"""The straight line from the key to the books, and what each way out of it charges."""
