"""Places where a store can be, on each engine."""


class Place:
    """Where a store is to be: a data directory alone, or one beside a database."""

    def __init__(self, data, url=None):
        self.data = data
        self.url = url

    @property
    def settings(self):
        """What a server is told that is to serve it."""
        return ("--store", self.url) if self.url else ()

    @property
    def target(self):
        """What a restore or a migration is told that is to fill it."""
        return self.url or str(self.data)
