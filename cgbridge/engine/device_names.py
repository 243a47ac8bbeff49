"""What a Context runs on, in its maker's words."""

from __future__ import annotations

import platform as machine
from pathlib import Path
from typing import Any

_PROCESSORS = Path("/proc/cpuinfo")


def gpu_name(context: Any) -> str:
    """Of the GPU of a Context; empty on platforms of the processor."""
    platform = context.getPlatform()
    if "DeviceName" not in platform.getPropertyNames():
        return ""
    return str(platform.getPropertyValue(context, "DeviceName")).strip()


def device_name(context: Any) -> str:
    """The GPU, or the processor."""
    return gpu_name(context) or _processor()


def _processor() -> str:
    if _PROCESSORS.is_file():
        for line in _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return machine.processor() or machine.machine()
