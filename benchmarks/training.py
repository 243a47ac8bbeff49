"""How long networks take to learn: the error of forces against the processor time of their training.

python benchmarks/training.py FOLDER --json benchmarks/results/training.json

FOLDER holds the labels of examples/neural (``cgbridge simulate labels-300K.yaml`` and ``labels-400K.yaml``
there, half a minute): 200 frames of 64 flexible waters, SPC/Fw in place of a reference method. On these
a descriptor network and a TensorNet are trained by ``cgbridge fit`` with one thread, one after the other;
the time is that of the processor, so that other programs do little harm.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MODELS = {
    "tensornet": "{architecture: tensornet, cutoff: 5 A, channels: 32}",
    "descriptor-network": "{architecture: descriptor-network, cutoff: 5 A, angular_cutoff: 4 A, "
    "radial_functions: 10, radial_basis: 16, angular_functions: 8, angular_basis: 12, neurons: 40}",
}
EPOCHS = {"tensornet": 50, "descriptor-network": 400}
RATES = {"tensornet": 3e-3, "descriptor-network": 5e-3}
FIT = """
schema: 1
method: energy-force-matching
name: training
data:
  files: [{folder}/labels-300K.xyz, {folder}/labels-400K.xyz]
  gap: 0.2 ps
model: {model}
training:
  epochs: {epochs}
  batch: 4
  rate: {{begin: {rate}, schedule: cosine}}
run: {{folder: run}}
"""


def processor_seconds(process: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def train(name: str, folder: Path) -> dict[str, Any]:
    """The curve of a training: epoch, processor seconds, error of the validation frames in kJ/mol/nm."""
    curve = []
    with tempfile.TemporaryDirectory() as place:
        text = FIT.format(folder=folder, model=MODELS[name], epochs=EPOCHS[name], rate=RATES[name])
        (Path(place) / "fit.yaml").write_text(text)
        command = [sys.executable, "-P", "-m", "cgbridge", "fit", "fit.yaml"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        for line in process.stdout:
            found = re.match(r"epoch (\d+) of .* ([\d.]+) validation", line)
            if found:
                curve.append([int(found[1]), processor_seconds(process.pid), float(found[2])])
        if process.wait():
            raise SystemExit(f"the training of {name} has failed")
        result = json.loads((Path(place) / "run/result.json").read_text())
    return {
        "model": name,
        "parameters": result["model"]["parameters"],
        "error": result["errors"]["validation"]["force"],
        "spread": result["errors"]["validation"]["spread"],
        "curve": curve,
    }


def seconds_to(error: float, row: dict[str, Any]) -> float | None:
    """Processor seconds after which the error stays as small or smaller."""
    seconds = None
    for _, time, found in reversed(row["curve"]):
        if found > error:
            break
        seconds = time
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = [train(name, arguments.folder.resolve()) for name in MODELS]
    for row in rows:
        last = row["curve"][-1][1]
        print(f"{row['model']}: {row['parameters']} parameters, {row['error']:.1f} kJ/mol/nm in {last:.0f} s")
        for other in rows:
            time = seconds_to(other["error"], row)
            words = "never" if time is None else f"after {time:.0f} s"
            print(f"  as good as {other['model']} ({other['error']:.1f} kJ/mol/nm): {words}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
