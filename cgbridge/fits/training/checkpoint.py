"""Checkpoints: tensors and plain numbers in one file, replaced as a whole; no pickle in it.

The file has the form of safetensors, with the numbers as JSON in its header.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from cgbridge.errors import FileFormatError
from cgbridge.store.atomic import storage_errors, sync_folder

SCHEMA = 1


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> None:
    """Write through a temporary file and rename: the old checkpoint or the new one, never half of it."""
    from safetensors.torch import save

    text = json.dumps({"schema": SCHEMA, **content}, allow_nan=True)
    data = save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, {"state": text})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and numbers; raises :class:`FileFormatError` for a damaged file or one of another schema."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            content = json.loads((file.metadata() or {}).get("state", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    except (SafetensorError, OSError, ValueError) as error:
        raise FileFormatError(
            f"the checkpoint cannot be read ({error})", where=str(path), remedy="start over with --fresh"
        ) from None
    if content.get("schema") != SCHEMA:
        raise FileFormatError(
            f"the checkpoint has schema {content.get('schema')!r}, this version writes {SCHEMA}",
            where=str(path),
            remedy="go on with the version that wrote it, or start over with --fresh",
        )
    return tensors, content
