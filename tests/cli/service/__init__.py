"""The gateway as a service of the machine.

The command line is run as a person would, beside a `systemctl` that writes down what it is told.
"""
