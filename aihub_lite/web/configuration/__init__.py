"""One file that describes a gateway: written from what it has, and applied to it, all of it or nothing.

May import what `web.admin` and the rooms below it may, and those, whose bodies it reads by their own rules;
`web.administration` joins them.
"""
