"""Speed and size of the registry, beside a peer in the same run (`make bench`)."""
