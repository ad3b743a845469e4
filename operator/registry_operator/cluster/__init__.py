"""The only code that calls the Kubernetes API.

`connecting` opens a connection, `kube` has the verbs over plain dicts, `applying` keeps the rule that
nothing which is not ours is ever taken.
"""
