"""OpenMM's exceptions: a device that fails is tried again, a model that fails is graded."""

from __future__ import annotations

import openmm
import pytest

from cgbridge.errors import MachineFault, UnstableError
from cgbridge.models.openmm_faults import openmm_faults


@pytest.mark.parametrize(
    "message",
    [
        "Error initializing CUDA: CUDA_ERROR_NO_DEVICE (100) at CudaContext.cpp:148",
        "Error creating array posq: CUDA_ERROR_OUT_OF_MEMORY (2) at CudaArray.cpp:76",
        "Error downloading array energyBuffer: clEnqueueReadBuffer (-5)",
        "Error initializing context: clCreateContext (-6)",
        "No compatible OpenCL device is available",
        "Error initializing HIP: hipErrorNoDevice (100) at HipContext.cpp:153",
        "std::bad_alloc",
    ],
)
def test_what_a_device_says_is_a_fault_of_the_machine(message: str) -> None:
    with (
        pytest.raises(MachineFault, match="the device failed"),
        openmm_faults("simulation", kind=UnstableError),
    ):
        raise openmm.OpenMMException(message)


@pytest.mark.parametrize(
    "message",
    [
        "Particle coordinate is NaN.  For more information, see the FAQ",
        "The periodic box size has decreased to less than twice the nonbonded cutoff.",
        "TersoffForce: the triplet of types (0, 0, 0): gamma, lambda3 and c must be finite",
    ],
)
def test_what_a_force_says_is_the_models(message: str) -> None:
    with pytest.raises(UnstableError), openmm_faults("simulation", kind=UnstableError):
        raise openmm.OpenMMException(message)
