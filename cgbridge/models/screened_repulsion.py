"""The repulsion of nuclei at short distances, screened by their electrons, beside a network of atoms.

u(r) = C/r S(r) sum_k a_k exp(-b_k r), k = 1 ... 4, of Ziegler, Biersack and Littmark (The Stopping and Range
of Ions in Solids, 1985) with C = e^2/(4 pi eps0) Z_i Z_j; S falls from 1 at the inner to 0 at the outer of
two distances as (1 + cos)/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import NO_TYPE
from cgbridge.units import ANGSTROM, EV

if TYPE_CHECKING:
    import openmm

#: e^2/(4 pi eps0) in eV A and the screening of two nuclei, (Z_i^0.23 + Z_j^0.23) times this in 1/A, as GPUMD
#: has them, so that its files are computed as there.
_COULOMB, _SCREENING = 14.399645, 2.134563
#: a and b of the universal function of x = r times the screening.
_AMPLITUDES = (0.18175, 0.50986, 0.28022, 0.02817)
_DECAYS = (3.1998, 0.94229, 0.4029, 0.20162)


@dataclass(frozen=True, eq=False)
class ScreenedRepulsion:
    """Values by the types of two particles: ``strength`` C (T, T) in kJ/mol nm, ``amplitudes`` a (T, T, 4),
    ``decays`` b (T, T, 4) in 1/nm, ``inner`` and ``outer`` (T, T) in nm."""

    strength: FloatArray
    amplitudes: FloatArray
    decays: FloatArray
    inner: FloatArray
    outer: FloatArray

    @classmethod
    def of_nuclei(
        cls,
        numbers: Sequence[int],
        inner: FloatArray,
        outer: FloatArray,
        amplitudes: FloatArray | None = None,
        decays: FloatArray | None = None,
    ) -> ScreenedRepulsion:
        """That of nuclei with these atomic ``numbers``; distances (T, T) in nm. The function is the universal
        one, or has ``amplitudes`` and ``decays`` (T, T, 4) of its own, these in units of the screening."""
        z = np.asarray(numbers, dtype=float)
        strength = _COULOMB * EV * ANGSTROM * np.outer(z, z)
        screening = (z[:, None] ** 0.23 + z**0.23) * _SCREENING / ANGSTROM
        shape = (len(z), len(z), 4)
        a = np.broadcast_to(_AMPLITUDES, shape) if amplitudes is None else amplitudes
        b = np.broadcast_to(_DECAYS, shape) if decays is None else decays
        return cls(strength, np.array(a), b * screening[:, :, None], inner, outer)

    @property
    def cutoff(self) -> float:
        """The longest distance in nm at which two particles see each other."""
        return float(self.outer.max())

    def digest(self) -> str:
        """Equal for equal numbers."""
        return repr([getattr(self, field.name).tolist() for field in fields(self)])

    def force(self, types: Sequence[int], *, periodic: bool = True) -> openmm.CustomNonbondedForce:
        """The force between particles of ``types`` (-1: takes no part)."""
        import openmm

        functions = " + ".join(f"a{k}*exp(-b{k}*r)" for k in range(1, 5))
        columns = {"strength": self.strength, "inner": self.inner, "outer": self.outer}
        for k in range(4):
            columns |= {f"a{k + 1}": self.amplitudes[..., k], f"b{k + 1}": self.decays[..., k]}
        force = openmm.CustomNonbondedForce(
            f"strength/r*S*({functions}); "
            "S = 0.5*(1 + cos(3.14159265358979323846*max(0, min(1, (r - inner)/(outer - inner))))); "
            + "; ".join(f"{name} = table_{name}(type1, type2)" for name in columns)
        )
        # The last type is that of particles that take no part.
        kinds = len(self.strength) + 1
        for name, values in columns.items():
            table = np.full((kinds, kinds), 0.0 if name == "strength" else 1.0)
            table[:-1, :-1] = values
            if name == "inner":
                table[-1, :] = table[:, -1] = 0.0
            force.addTabulatedFunction(
                f"table_{name}", openmm.Discrete2DFunction(kinds, kinds, table.ravel().tolist())
            )
        force.addPerParticleParameter("type")
        for kind in types:
            force.addParticle([float(kinds - 1 if kind == NO_TYPE else kind)])
        force.setNonbondedMethod(force.CutoffPeriodic if periodic else force.CutoffNonPeriodic)
        force.setCutoffDistance(self.cutoff)
        return force
