"""Bond-order and Stillinger-Weber forces, and networks of descriptors, for OpenMM.

>>> from cgbridge.openmm import DescriptorNetworkForce, TersoffForce, StillingerWeberForce

Importing this module loads the compiled plugin from the package's own folder and makes its forces
behave as OpenMM's own: ``System.getForce`` and ``XmlSerializer`` return them with their real class.
OpenMM's own kernels stay in place until :func:`accelerate_steps` is called.
"""

from cgbridge.openmm._classes import restore_force_classes
from cgbridge.openmm._loading import (
    DEVICE_PLATFORMS,
    accelerate_steps,
    load_platforms,
    plugin_load_failures,
)

# The order matters: OpenMM's libraries must be in the process before ours, and the platform
# plugins need the core library that the extension module brings along.
from cgbridge.openmm._plugin import (
    CenterForce,
    DescriptorNetworkForce,
    StillingerWeberForce,
    TersoffForce,
    TripletForce,
)

load_platforms()
restore_force_classes()

__all__ = [
    "DEVICE_PLATFORMS",
    "CenterForce",
    "DescriptorNetworkForce",
    "StillingerWeberForce",
    "TersoffForce",
    "TripletForce",
    "accelerate_steps",
    "plugin_load_failures",
]
