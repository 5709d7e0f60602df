"""What monitoring is told: metrics for Prometheus, each from the ledger's own records or from the gateway as it stands.

May import what is beneath the gateway and the gateway's core. Nothing here is imported, and nothing of it costs a
request, where it is off: the ledger's journal is then not watched at all.
"""
