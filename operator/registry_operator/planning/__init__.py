"""What to do, decided from what is there: pure functions from resources and observations to manifests and conditions.

No function here reads a clock, a random source, a setting or a cluster: all come as arguments, and planning
twice gives the same answer.
"""
