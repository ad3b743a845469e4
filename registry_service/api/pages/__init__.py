"""Pages for people: signing in with a token, "Packages & Registries". Cookies count only here."""
