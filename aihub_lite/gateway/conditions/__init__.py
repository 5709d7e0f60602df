"""What is wrong at this moment, found in all that the gateway knows, and the watch that has alerts sent of it.

May import `gateway.core`, `gateway.routing`, `gateway.upkeep`, `storage`, and what lies beneath.
"""
