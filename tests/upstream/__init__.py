"""The ways to providers: transport, decoding, discovery, demo and price look-up, against upstreams on a real socket."""
