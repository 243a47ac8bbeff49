"""nep.txt: what is written is read again, and what cgbridge does not compute is refused with its line."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import nep_models

from cgbridge.errors import FileFormatError
from cgbridge.models.files.nep import read_nep, write_nep


@pytest.mark.parametrize("name", list(nep_models.MODELS))
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    path, network = tmp_path / "nep.txt", nep_models.network(name)
    nep_models.write(path, name)
    found = read_nep(path)
    assert found.elements == nep_models.ELEMENTS[: network.kinds]
    # Units are changed there and back.
    for one, other in zip(network.networks, found.network.networks, strict=True):
        np.testing.assert_allclose(other.flat(), one.flat(), rtol=1e-14)
    np.testing.assert_allclose(found.network.radial, network.radial, rtol=1e-14)
    assert found.network.size == network.size
    assert found.network.radial_cutoff == pytest.approx(network.radial_cutoff, rel=1e-14)
    if network.order:
        np.testing.assert_allclose(found.network.angular, network.angular, rtol=1e-14)


def test_the_scales_of_descriptors_go_into_the_weights(tmp_path: Path) -> None:
    path, network = tmp_path / "nep.txt", nep_models.network("one type")
    nep_models.write(path, "one type")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[: -network.size], *["2.5"] * network.size]))
    (layer,) = read_nep(path).network.networks[0].layers
    np.testing.assert_allclose(layer.weights, 2.5 * network.networks[0].layers[0].weights, rtol=1e-14)


def replaced(line: int, text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[: line - 1], text, *lines[line:]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replaced(1, "nep4_charge1 1 O"), "line 1: 'nep4_charge1' is no kind of file that cgbridge computes"),
        (replaced(1, "nep4_dipole 1 O"), "no charges and dipoles"),
        (replaced(1, "nep4_zbl 1 O"), "line 2: a line 'zbl ...' should stand here, not 'cutoff'"),
        (replaced(1, "nep4_zbl 1 O\nzbl 2 1"), "line 2: two distances are needed, the inner one below"),
        (replaced(1, "nep4_zbl 1 W1\nzbl 1 2"), "no nucleus is known of W1"),
        (replaced(1, "nep4_zbl 1 O\nzbl 0 0"), "the file ends where there should be a number"),
        (replaced(1, "nep4 2 O"), "line 1: 2 types, and 1 symbols"),
        (replaced(2, "cutoff 6 5 5 4 100 100"), "line 2: cutoffs of single types are not computed"),
        (replaced(3, "basis_size 8 8"), "line 3: a line 'n_max ...' should stand here, not 'basis_size'"),
        (replaced(5, "l_max 5 2 1"), "line 5: descriptors beyond l = 4"),
        (replaced(5, "l_max 4 2 1 1"), "q_222 and q_1111 are not computed"),
        (replaced(6, "ANN 12 12"), "line 6: GPUMD's networks have one hidden layer"),
        (replaced(9, "half"), "line 9: could not convert string to float: 'half'"),
        (replaced(9, "nan"), "line 9: a number is not finite"),
        (lambda lines: lines[:-1], "the file ends where there should be a number"),
        (lambda lines: [*lines, "1.0"], "there are more numbers than the head tells of"),
        (lambda lines: [], "the file is empty"),
    ],
)
def test_what_is_not_computed_is_refused(
    change: Callable[[list[str]], list[str]], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "nep.txt"
    nep_models.write(path, "one type")
    path.write_text("\n".join(change(path.read_text().splitlines())))
    with pytest.raises(FileFormatError) as fault:
        read_nep(path)
    assert words in str(fault.value) and str(path) in str(fault.value)


def test_what_gpumd_does_not_know_is_not_written(tmp_path: Path) -> None:
    network = nep_models.network("two types")
    first, _ = network.networks
    two = replace(first, layers=(first.layers[0], replace(first.layers[0])))
    for wrong, words in (
        (replace(network, networks=(two, two)), "one hidden layer"),
        (replace(network, repulsion=np.ones((2, 2))), "no repulsion"),
    ):
        with pytest.raises(ValueError, match=words):
            write_nep(tmp_path / "wrong.txt", ("O", "H"), wrong)
    assert not list(tmp_path.iterdir())
