"""What becomes of an import: names and ids of ours, one commit, and then everything that runs knows of it.

May import `moving`, the open gateway, the registries of people and pots, and `storage`.
"""
