"""Prices of a small model at very many sizes: what a search over architectures asks for.

    from picojoule.probe import Probe
    with Probe("conv.onnx", ["x[1] w[1]", "w[0]", "x[2] x[3]"], {"table": "horowitz-45nm"}) as probe:
        for price in probe.price([(16, 32, 56), (32, 64, 28)]):
            print(price.total, price.macs)

The model is one layer, or a block of few; each column names the places that its numbers are put into (`TENSOR[AXIS]`,
`DIMENSION`, `NODE.ATTRIBUTE[INDEX]`). Prices are those of `picojoule analyze` of a model with these sizes, to the last bit.

This needs the shared library, which the wheel does not have: install it (the Debian package libpicojoule0, or
`cmake --install`), and name it in PICOJOULE_LIBRARY where the loader does not find it. Nothing else of this package needs
it. A Probe is for one thread at a time."""
import ctypes
import ctypes.util
import os
from array import array

__all__ = ["Probe", "Price", "load"]

_NAME = "libpicojoule.so.0"


class Price(ctypes.Structure):
    """`inputs`, `outputs`, `parameters`, `op_cost`: pJ, or relative, as the table has it; counts; `status` 0: it is priced,
    else all figures are 0; `uncounted`: layers that are not in the totals."""

    _fields_ = ([(name, ctypes.c_double) for name in ("inputs", "outputs", "parameters", "op_cost")]
                + [(name, ctypes.c_int64) for name in ("macs", "flops", "bops", "params", "param_bits")]
                + [(name, ctypes.c_int32) for name in ("status", "uncounted")])

    @property
    def total(self):
        return self.inputs + self.outputs + self.parameters + self.op_cost


class _Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("file", ctypes.c_char * 256), ("node", ctypes.c_char * 128),
                ("op", ctypes.c_char * 64), ("what", ctypes.c_char * 512)]


def load():
    """The shared library, with the functions that are used here. OSError: there is none."""
    library = ctypes.CDLL(os.environ.get("PICOJOULE_LIBRARY") or ctypes.util.find_library("picojoule") or _NAME)
    handle, error, text = ctypes.c_void_p, ctypes.POINTER(_Error), ctypes.c_char_p
    for name, result, arguments in (
            ("pj_setup_new", handle, []),
            ("pj_setup_set", ctypes.c_int, [handle, text, text, error]),
            ("pj_setup_free", None, [handle]),
            ("pj_model_open", ctypes.c_int, [text, handle, ctypes.POINTER(handle), error]),
            ("pj_model_close", None, [handle]),
            ("pj_probe_new", ctypes.c_int, [handle, ctypes.POINTER(text), ctypes.c_size_t, ctypes.POINTER(handle),
                                            ctypes.c_size_t, ctypes.POINTER(handle), error]),
            ("pj_probe_price", ctypes.c_int, [handle, handle, ctypes.c_size_t, handle, error]),
            ("pj_probe_free", None, [handle])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Probe:
    """`model` is a path; `settings` (any number of them) are options of `analyze` by name, lists for those that may be
    repeated. `dim` in the first of them says the sizes of dimensions without a column. ValueError: something of it is
    not possible."""

    def __init__(self, model, columns, *settings):
        self._library = load()
        self._error = _Error()
        self._setups, self._model, self._probe = [], ctypes.c_void_p(), ctypes.c_void_p()
        self.columns = [column.encode() for column in columns]
        self.setups = max(1, len(settings))
        try:
            self._open(os.fsencode(model), settings or ({},))
        except BaseException:
            self.close()
            raise

    def _check(self, status):
        if status:
            raise ValueError(self._error.what.decode("utf-8", "replace"))

    def _open(self, model, settings):
        library, error = self._library, ctypes.byref(self._error)
        for setting in settings:
            setup = ctypes.c_void_p(library.pj_setup_new())
            if not setup:
                raise MemoryError()
            self._setups.append(setup)
            for name, value in setting.items():
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    if one is not None and one is not False:
                        text = None if one is True else str(one).encode()
                        self._check(library.pj_setup_set(setup, name.encode(), text, error))
        self._check(library.pj_model_open(model, self._setups[0], ctypes.byref(self._model), error))
        columns = (ctypes.c_char_p * len(self.columns))(*self.columns)
        setups = (ctypes.c_void_p * len(self._setups))(*[setup.value for setup in self._setups])
        self._check(library.pj_probe_new(self._model, columns, len(columns), setups, len(setups),
                                         ctypes.byref(self._probe), error))

    def price(self, rows):
        """A ctypes array of `Price`, row by row, and for each row one a setting: numpy reads it as it is. `rows` are
        sequences of whole numbers, or one contiguous buffer of int64 (an array.array("q"), a numpy array)."""
        try:
            numbers = memoryview(rows).cast("B")
        except TypeError:
            numbers = memoryview(array("q", [number for row in rows for number in row])).cast("B")
        count, rest = divmod(len(numbers), 8 * len(self.columns))
        if rest:
            raise ValueError("%d bytes are no rows of %d numbers" % (len(numbers), len(self.columns)))
        if not self._probe:
            raise ValueError("the probe is closed")
        out = (Price * (count * self.setups))()
        held = (ctypes.c_char * len(numbers)).from_buffer(numbers) if not numbers.readonly \
            else ctypes.create_string_buffer(numbers.tobytes(), len(numbers))
        if self._library.pj_probe_price(self._probe, ctypes.cast(held, ctypes.c_void_p), count,
                                        ctypes.cast(out, ctypes.c_void_p), ctypes.byref(self._error)):
            raise MemoryError(self._error.what.decode("utf-8", "replace"))
        return out

    def why(self):
        """The sentence of the last row that has a status."""
        return self._error.what.decode("utf-8", "replace")

    def close(self):
        self._library.pj_probe_free(self._probe)
        self._library.pj_model_close(self._model)
        for setup in self._setups:
            self._library.pj_setup_free(setup)
        self._setups, self._model, self._probe = [], ctypes.c_void_p(), ctypes.c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
