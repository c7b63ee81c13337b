"""The browser of a phone, which sends what its sensors read: nothing is installed on it."""
