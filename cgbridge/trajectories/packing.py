"""Trajectory files that are finished and shall be small: digits that nobody needs go, the rest is packed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.store.atomic import storage_errors

#: Bits of the mantissa that stay, of 23: positions of a box of some nm are then good to 3e-5 nm, forces to
#: 2e-4 of themselves.
_BITS = {"positions": 16, "forces": 12, "velocities": 12}


def pack(source: Path, path: Path) -> None:
    """Write the trajectory file ``source`` as ``path``; it can be read as before, but not written on.

    Raises :class:`~cgbridge.errors.StorageError` where it cannot be written.
    """
    import h5py

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        try:
            with h5py.File(source, "r") as old, h5py.File(temporary, "w") as new:
                new.attrs.update(old.attrs)
                for name, data in old.items():
                    _copy(name, data, new)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _copy(name: str, data: Any, new: Any) -> None:
    values = data[()]
    if name in _BITS:
        values = _rounded(values, _BITS[name])
    if data.ndim > 1:
        # One chunk: what is alike in all frames is then seen.
        options = {"compression": "gzip", "compression_opts": 9, "shuffle": True, "chunks": values.shape}
        made = new.create_dataset(name, data=values, **options)
    else:
        made = new.create_dataset(name, data=values, dtype=data.dtype)
    made.attrs.update(data.attrs)


def _rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Single precision with the last bits of every mantissa zero, rounded to nearest."""
    dropped = 23 - bits
    whole = values.astype("<f4").view("<u4")
    half = np.uint32(1 << (dropped - 1))
    kept = np.uint32(0xFFFFFFFF ^ ((1 << dropped) - 1))
    return ((whole + half) & kept).view("<f4")
