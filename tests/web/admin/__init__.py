"""The admin API, called by an operator at a desk (`desk.py`)."""
