"""Numbers in reports: few digits, value and error cut at the same place, decimal points in line."""

from __future__ import annotations

import math

import pytest

from cgbridge.report.digits import (
    decimal_pads,
    duration,
    percent,
    plain,
    quantity_text,
    unit_text,
    with_error,
)


@pytest.mark.parametrize(
    ("value", "stderr", "text"),
    [
        (0.9987238, 0.0034976, ("0.9987", "0.0035")),
        (43.7081, 0.031, ("43.708", "0.031")),
        (277.134, 12.6, ("277", "13")),
        (12345.6, 231.0, ("12350", "230")),
        (-21.34, 0.55, ("−21.34", "0.55")),
        (0.5, 0.0996, ("0.50", "0.10")),  # an error that rounds up keeps two digits, not three
        (0.0, 0.02, ("0.000", "0.020")),
        (2.4449e-5, 7.2e-7, ("2.445 × 10⁻⁵", "0.072 × 10⁻⁵")),  # one power of ten for both
        (1e-7, 3e-5, ("0.0 × 10⁻⁵", "3.0 × 10⁻⁵")),  # the larger of the two gives it
        (2.5e7, 1e6, ("2.50 × 10⁷", "0.10 × 10⁷")),
        (-26.582666, 0.0, ("−26.583", "")),  # exact values have no error
        (math.nan, 0.1, ("–", "")),
        (1.0, math.inf, ("1", "unknown")),
        (None, None, ("–", "")),
    ],
)
def test_value_and_error_share_their_last_digit(
    value: float | None, stderr: float | None, text: tuple[str, str]
) -> None:
    assert with_error(value, stderr) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.99656, 5, "0.99656"),
        (-0.0004, 2, "−4 × 10⁻⁴"),
        (1.0234958e-6, 5, "1.0235 × 10⁻⁶"),
        (54300.0, 5, "54300"),
        (69337.957, 5, "69338"),
        (999999.6, 3, "1000000"),
        (2.0, 3, "2"),
        (0.0, 3, "0"),
        (math.inf, 3, "∞"),
        (None, 3, "–"),
    ],
)
def test_plain_numbers_have_no_idle_digits(value: float | None, digits: int, text: str) -> None:
    assert plain(value, digits) == text


@pytest.mark.parametrize("value", [1.0, 9.9996, 0.0312, 123.456, 5e-9, 7.7e11, -3.1e-5])
@pytest.mark.parametrize("digits", [2, 4, 6])
def test_plain_keeps_the_value_to_its_digits(value: float, digits: int) -> None:
    mantissa, _, power = plain(value, digits).replace("−", "-").partition(" × 10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    # Rounding to n digits moves a number by at most half a unit of the n-th one.
    assert float(mantissa) * 10.0**exponent == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.0001)


def test_decimal_points_come_into_line() -> None:
    texts = ["−26.583", "43.7", "277", "± 0.0031", "2.3 × 10⁻⁵"]
    pads = decimal_pads(texts)
    assert pads[-1] == ""  # a power of ten has no common place
    ends = [text + pad for text, pad in zip(texts[:-1], pads[:-1], strict=True)]
    assert {len(end) - end.index(".") for end in ends} == {5}


def test_units_are_typeset() -> None:
    assert unit_text("g/cm^3") == "g/cm³"
    assert unit_text("1/A") == "1/Å"
    assert unit_text("deg") == "°"
    assert unit_text("1") == ""
    assert quantity_text(0.5, "1") == "0.5"


def test_shares_and_times() -> None:
    assert [percent(x) for x in (0.0, 0.0002, 0.004, 0.34, 1.0)] == [
        "0 %",
        "< 0.1 %",
        "0.4 %",
        "34 %",
        "100 %",
    ]
    assert [duration(s) for s in (None, 0.4, 59.0, 372.0, 7500.0, 200000.0)] == [
        "–", "0.4 s", "59 s", "6 min 12 s", "2 h 05 min", "2 d 7 h",
    ]  # fmt: skip
