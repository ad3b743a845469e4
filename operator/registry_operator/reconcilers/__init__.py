"""One pass over one key: observe, decide (in planning), act, report.

`routing` says which keys an event concerns; `registry` and `token_set` make the passes.
"""
