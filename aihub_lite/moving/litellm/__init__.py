"""What a LiteLLM proxy had: its configuration in YAML, and its database by a dump or over the network.

To be read in this order: `yaml_file`, `dump` (how it is written down), `source` (all of it together), `kinds`,
`deployments`, `prices`, `routing`, `people`, `log`, `facts` (what becomes of it). May import `errors`,
`domain`, `moving`.
"""
