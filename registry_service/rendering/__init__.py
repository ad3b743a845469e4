"""Values in, bytes out: index pages, error bodies, content negotiation, conditional requests. Pure."""
