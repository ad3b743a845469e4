"""What users write, read once at the edge: pure values of the two custom resources and of their conditions.

Nothing here knows a cluster, a clock or a setting; `planning` decides with these values.
"""
