"""The CUDA kernels and library without a GPU: nvcc compiles them, and OpenMM's own has every symbol."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import openmm.version
import pytest

import cgbridge.openmm

ROOT = Path(__file__).parents[2]
KERNELS = ROOT / "plugins/openmm/platforms/common/src/kernels"
LIBRARY = Path(cgbridge.openmm._plugin.__file__).parent / "lib/plugins/libOpenMMCGBridgeCUDA.so"
OPENMM_LIBRARIES = Path(openmm.version.openmm_library_path)
NVCC = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")

# What the host defines for each program, and the precisions that OpenMM has.
COMMON = {"PERIODIC": 1, "NUM_REPLICAS": 2}
LISTS = {"NUM_TYPES": 1, "NUM_ATOMS": 4096, "TILE": 4, "CHUNK": 1024, "SPREAD": 32}
CENTERS = {
    "PADDED_NUM_ATOMS": 4096,
    "PI": "3.14159265f",
    "BLOCK": 192,
    "LANES": 4,
    "KEPT": 5,
    "RUN": 240,
    "TILE": 4,
    "MAX_NEIGHBORS": 12,
    "GROUPS_TOGETHER": 6,
}
TERSOFF = {**CENTERS, "PAIR_ROW": 10, "TRIPLET_ROW": 9, "CENTER_ROW": 81}
STILLINGER_WEBER = {**CENTERS, "PAIR_ROW": 8, "TRIPLET_ROW": 2, "CENTER_ROW": 18}
NETWORK = {
    **CENTERS,
    "LANES": 8,
    "MAX_NEIGHBORS": 40,
    "GROUPS_TOGETHER": 2,
    "RADIAL_FUNCTIONS": 9,
    "RADIAL_BASIS": 9,
    "ANGULAR_FUNCTIONS": 7,
    "ANGULAR_BASIS": 9,
    "ORDER": 4,
    "NUM_DESCRIPTORS": 37,
    "FIRST_LAYER": 30,
    "SECOND_LAYER": 0,
    "RADIAL_CUTOFF": "0.6f",
    "ANGULAR_CUTOFF": "0.45f",
    "PAIR_ROW": 145,
    "CENTER_ROW": 1171,
}
MANY_BODY = {"FOUR_BODY": "-0.27f", "FIVE_BODY": "0.027f", "NUM_DESCRIPTORS": 51, "SECOND_LAYER": 10}
RADIAL = {"ORDER": 0, "ANGULAR_FUNCTIONS": 0, "ANGULAR_BASIS": 0, "NUM_DESCRIPTORS": 9}
PROGRAMS = {
    "lists": (["slots", "neighbors"], LISTS),
    "langevin": (["langevinMiddle"], {}),
    "tersoff-1": (["slots", "centers", "tersoff"], {**TERSOFF, "NUM_TYPES": 1}),
    "tersoff-3": (["slots", "centers", "tersoff"], {**TERSOFF, "NUM_TYPES": 3}),
    "tersoff-energies": (
        ["slots", "centers", "tersoff"],
        {**TERSOFF, "NUM_TYPES": 1, "REPLICA_ENERGIES": 1},
    ),
    "sw-energies": (
        ["slots", "centers", "stillingerWeber"],
        {**STILLINGER_WEBER, "NUM_TYPES": 3, "REPLICA_ENERGIES": 1},
    ),
    "sw-1": (["slots", "centers", "stillingerWeber"], {**STILLINGER_WEBER, "NUM_TYPES": 1}),
    "network-1": (["slots", "centers", "descriptorNetwork"], {**NETWORK, "NUM_TYPES": 1}),
    "network-3": (["slots", "centers", "descriptorNetwork"], {**NETWORK, **MANY_BODY, "NUM_TYPES": 3}),
    "network-radial": (["slots", "centers", "descriptorNetwork"], {**NETWORK, **RADIAL, "NUM_TYPES": 1}),
    "network-energies": (
        ["slots", "centers", "descriptorNetwork"],
        {**NETWORK, "NUM_TYPES": 3, "REPLICA_ENERGIES": 1},
    ),
    "sw-3": (["slots", "centers", "stillingerWeber"], {**STILLINGER_WEBER, "NUM_TYPES": 3}),
}
PRECISIONS = {"single": {}, "mixed": {"USE_MIXED_PRECISION": 1}, "double": {"USE_DOUBLE_PRECISION": 1}}


@pytest.mark.skipif(NVCC is None, reason="nvcc is not installed")
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_kernels_compile(program, precision, tmp_path):
    files, defines = PROGRAMS[program]
    texts = [Path(__file__).with_name("cuda_prelude.cuh").read_text()]
    texts += [(KERNELS / f"{name}.cc").read_text() for name in files]
    source = tmp_path / "program.cu"
    source.write_text("\n".join(texts))
    options = [f"-D{key}={value}" for key, value in {**COMMON, **defines, **PRECISIONS[precision]}.items()]
    # Without the warning that CUDA 13 gives of the types that OpenMM uses.
    options += ["-ptx", "-use_fast_math", "-Wno-deprecated-declarations", "-diag-suppress", "1444"]
    options += ["-o", str(tmp_path / "program.ptx")]
    done = subprocess.run([NVCC, *options, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr, done.stderr
    assert ".entry" in (tmp_path / "program.ptx").read_text()


def symbols(library: Path, *options: str) -> set[str]:
    done = subprocess.run(
        ["nm", "--dynamic", "--format=just-symbols", *options, str(library)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.skipif(sysconfig.get_platform().split("-")[0] != "linux", reason="CUDA is for Linux")
@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
def test_library_finds_all_of_openmm():
    theirs = OPENMM_LIBRARIES / "plugins/libOpenMMCUDA.so"
    if not theirs.exists():
        pytest.skip("OpenMM's CUDA platform is not installed: pip install openmm[cuda13]")
    wanted = {name for name in symbols(LIBRARY, "--undefined-only") if "OpenMM" in name}
    found = symbols(theirs, "--defined-only") | symbols(OPENMM_LIBRARIES / "libOpenMM.so", "--defined-only")
    assert wanted
    assert not wanted - found
