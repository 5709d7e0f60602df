"""What real clients make of a refusal: how often they ask, and how soon they say it."""
