"""What a cluster gets beside Kubernetes itself, as manifests: a resolver, an ingress controller, storage."""
