"""Who shares the gateway, over the admin API."""
