"""What results consist of: JSON objects with their members by name."""


class Record:
    """One object of a result. Members that the schema knows and that are absent are None; others raise AttributeError.
    `record["name"]` is for members whose names are no identifiers."""

    __slots__ = ("_members",)
    _kinds = {}  # name of a member that has records in it: their class

    def __init__(self, members):
        self._members = members

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._members:
            return _wrap(self._members[name], self._kinds.get(name))
        if any(name in kind.__dict__.get("__annotations__", ()) for kind in type(self).__mro__):
            return None
        raise AttributeError("%s has no member '%s'; it has %s" % (type(self).__name__, name, ", ".join(self._members)))

    def __getitem__(self, name):
        return _wrap(self._members[name], self._kinds.get(name))

    def __contains__(self, name):
        return name in self._members

    def __iter__(self):
        return iter(self._members)

    def __eq__(self, other):
        return isinstance(other, Record) and self._members == other._members

    def __dir__(self):
        return list(super().__dir__()) + list(self._members)

    def __repr__(self):
        return "%s(%r)" % (type(self).__name__, self._members)

    def to_dict(self):
        """The object as json.loads() gives it: not a copy."""
        return self._members

    def to_frame(self, of="layers"):
        """A member that is a list of objects as a pandas.DataFrame: a row each, inner objects as columns "energy_pj.total".
        ImportError: pandas is not installed."""
        import pandas

        return pandas.json_normalize(self._members[of])


def _wrap(value, kind):
    if kind and isinstance(value, dict):
        return kind(value)
    if kind and isinstance(value, list):
        return [_wrap(one, kind) for one in value]
    return value
