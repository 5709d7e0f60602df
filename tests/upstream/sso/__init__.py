"""Issuers of OpenID Connect, as they are asked and believed."""
