"""The sentences that issues call done, and what the tests that prove them last said (`make outcomes`)."""
