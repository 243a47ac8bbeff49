"""A model under the names that the beads of a data set have."""

from __future__ import annotations

from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.typed_beads import TypedBeads


def named_as_in(model: TypedBeads, data: DataSet, where: str) -> TypedBeads:
    """``model`` for these beads; where both have one bead only, its name does not matter.

    Raises :class:`ConfigError`, at ``where``, for beads that the model does not have.
    """
    if isinstance(model, CoarseGrainedModel) and len(model.bead_names) == len(data.types) == 1:
        return model.with_bead_names({model.bead_names[0]: data.types[0]})
    missing = [name for name in data.types if name not in model.bead_names]
    if missing:
        raise ConfigError(
            f"'{model.name}' has no bead '{missing[0]}', which is in the frames",
            where=where,
            remedy="its beads: " + ", ".join(model.bead_names),
        )
    return model
