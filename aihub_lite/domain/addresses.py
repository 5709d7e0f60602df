"""Addresses and networks as operators and sockets write them; one of IPv4 has one form, however it is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as a dual-stack socket shows them: `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2)."""


def address_of(text: str) -> Address:
    """Raises ValueError."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def network_of(text: str) -> Network:
    """A network in CIDR form, or an address as the network of it alone; raises ValueError."""
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        address = address_of(str(network.network_address))
        return IPv4Network(f"{address}/{network.prefixlen - MAPPED.prefixlen}")
    return network


def is_private_host(host: str) -> bool:
    """Whether a host is this machine or a private network, by its name alone: nothing is looked up."""
    try:
        address = address_of(host)
    except ValueError:
        # A name without a dot is one of a container network or a local domain.
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
    return address.is_private or address.is_loopback


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself: nobody else comes from there, or reaches a socket that is bound to it."""
    try:
        return host == "localhost" or address_of(host).is_loopback
    except ValueError:
        return False
