"""Figures of reports, as pages and files have them."""
