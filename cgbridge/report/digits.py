"""Numbers as a reader wants them: few digits, an error and its value cut at the same place."""

from __future__ import annotations

import math
import re

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Outside these magnitudes a number is written with a power of ten.
_SMALL, _LARGE = 1e-3, 1e6
_MINUS = "−"
_UNIT_NAMES = {"A": "Å", "angstrom": "Å", "deg": "°", "degree": "°", "percent": "%"}


def plain(value: float | None, digits: int = 5) -> str:
    """``value`` with at most ``digits`` significant digits: ``0.99656``, ``1.0235 × 10⁻⁶``, or ``–``."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if value == 0:
        return "0"
    if not _SMALL <= abs(value) < _LARGE:
        exponent = _exponent(value, digits)
        return f"{_fixed(value / 10.0**exponent, digits - 1, strip=True)}{power_of_ten(exponent)}"
    places = digits - 1 - _exponent(value, digits)
    return _fixed(value, places, strip=True)


def with_error(value: float | None, stderr: float | None) -> tuple[str, str]:
    """Value and standard error as text, the error with two digits, the value cut at the same place.

    ``(0.9987238, 0.0034976)`` gives ``("0.9987", "0.0035")``; very small or large pairs share a power
    of ten; an exact value (error zero) has an empty error.
    """
    if value is None or not math.isfinite(value):
        return "–", ""
    if stderr is None or stderr == 0 or not math.isfinite(stderr):
        return plain(value), "" if stderr == 0 else "unknown"
    size = max(abs(value), stderr)
    exponent = 0 if _SMALL <= size < _LARGE else _exponent(size, 2)
    scale = 10.0**exponent
    places = 1 - _exponent(stderr / scale, 2)
    power = power_of_ten(exponent) if exponent else ""
    return _fixed(value / scale, places) + power, _fixed(stderr / scale, places) + power


def power_of_ten(exponent: int) -> str:
    """`` × 10⁻⁶``."""
    return f" × 10{superscript(exponent)}"


def superscript(number: int) -> str:
    """``⁻⁶`` for -6."""
    return str(number).translate(_SUPERSCRIPT)


def unit_text(unit: str) -> str:
    """``g/cm³`` for ``g/cm^3``, ``1/Å`` for ``1/A``; nothing for a pure number."""
    if unit in ("", "1"):
        return ""
    text = re.sub(r"\^?(-?\d+)", lambda m: superscript(int(m.group(1))) if m.start() else m.group(0), unit)
    return re.sub(r"[A-Za-z]+", lambda m: _UNIT_NAMES.get(m.group(0), m.group(0)), text)


def quantity_text(value: float, unit: str, digits: int = 5) -> str:
    """``0.99656 g/cm³``."""
    shown = unit_text(unit)
    return f"{plain(value, digits)} {shown}".rstrip()


def percent(fraction: float) -> str:
    """``34 %``; ``0.4 %`` below one per cent; ``< 0.1 %`` for traces."""
    if fraction <= 0:
        return "0 %"
    if fraction < 0.001:
        return "< 0.1 %"
    return f"{100 * fraction:.1f} %" if fraction < 0.0095 else f"{100 * fraction:.0f} %"


def duration(seconds: float | None) -> str:
    """``6 min 12 s``, ``3 h 05 min``, ``2 d 4 h``."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def decimal_pads(texts: list[str]) -> list[str]:
    """For a right-aligned column: what to append unseen to each text so that the decimal points agree.

    Numbers with a power of ten have no common place and are left alone.
    """
    fractions = [_fraction_digits(text) for text in texts]
    longest = max((count for count in fractions if count is not None), default=0)
    pads = []
    for count in fractions:
        if count is None or count == longest:
            pads.append("")
        else:
            pads.append(("." if count == 0 else "") + "0" * (longest - count))
    return pads


def _fraction_digits(text: str) -> int | None:
    match = re.fullmatch(rf"[{_MINUS}±]?\s?[\d\u202f]+(?:\.(\d+))?", text)
    return None if match is None else len(match.group(1) or "")


def _exponent(value: float, digits: int) -> int:
    """Decimal exponent of ``value`` after rounding to ``digits``, so that 0.0996 with two counts as 0.10."""
    return int(f"{abs(value):.{digits - 1}e}".partition("e")[2])


def _fixed(value: float, places: int, *, strip: bool = False) -> str:
    text = f"{round(value, places):.{max(0, places)}f}"
    if strip and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", _MINUS) if float(text) != 0 else text.lstrip("-")
