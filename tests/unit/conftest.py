"""Property tests judge what is computed, not how long a busy machine takes: the stages have limits of their own."""

from hypothesis import settings

settings.register_profile("repository", deadline=None)
settings.load_profile("repository")
