"""The process's own parts, without a process."""
