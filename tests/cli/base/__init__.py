"""What all commands stand on.

The command line is run as a person would.
"""
