"""The ways to install it, each gone as a person goes it: installed from this checkout, started, asked."""
