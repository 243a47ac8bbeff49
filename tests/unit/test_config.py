"""The fit YAML: faults are named with file, line and dotted path."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cgbridge.config.document import DocumentError, parse_document
from cgbridge.config.loader import load_fit
from cgbridge.errors import ConfigError
from cgbridge.fits.search.reading import read_fit
from cgbridge.models.files.model_file import read_model
from cgbridge.targets.library import load_target

GOOD = """\
schema: 1
name: quick
model:
  form: tersoff
  bead: {name: W, mass: 18.015 amu}
  base: ml-bop
  search:
    A: {min: 1200 eV, max: 2200 eV}
    beta: {min: 1e-7, max: 1e-5, scale: log}
levels:
  - name: lattice
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 0.92 g/cm^3, tolerance: 0.03 g/cm^3}
optimizer: {stages: [{method: hoga, population: 16, generations: 8}], seed: 7}
engine: {platform: auto, timestep: 10 fs, beads: 343}
run: {folder: runs/quick, workers: auto}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "fit.yaml"
    path.write_text(text)
    return path


def test_good_input(tmp_path: Path) -> None:
    config = load_fit(write(tmp_path, GOOD))
    assert config.engine.timestep == pytest.approx(0.01)
    assert config.model.search["beta"].scale == "log"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("population: 16", "popultion: 16", 14, "unknown key 'popultion'; did you mean 'population'?"),
        ("timestep: 10 fs", "timestep: 10 fm", 15, "unknown unit 'fm'"),
        ("timestep: 10 fs", "timestep: 10 K", 15, "cannot convert 'K'"),
        ("name: quick", "nam: quick", 2, "unknown key 'nam'; did you mean 'name'?"),
        ("population: 16", "population: 2", 14, "greater than or equal to 4"),
        ("population: 16", "population: 8, elites: 8", 14, "elites (8) must be fewer than population (8)"),
        ("seed: 7", "seed: 7, seed: 8", 14, "given twice"),
        ("schema: 1", "schema: 2", 1, "schema 2 is not known"),
        ("method: hoga", "method: hoka", 14, "unknown method 'hoka'; did you mean 'hoga'?"),
        ("method: hoga, ", "", 14, "this key is required"),
        ("seed: 7", "seed: 7, population: 16", 14, "population belong to a stage"),
        ("seed: 7", "seed: 7, start: [{run: a, model: b}]", 14, "give either run or model"),
        ("seed: 7}", "seed: 7}\nstop: {evaluation: 3}", 15, "did you mean 'evaluations'?"),
        ("seed: 7}", "seed: 7}\nstop: {confirmed: 3}", 15, "when: all-passed, which is not given"),
        ("scale: log", "scale: lag", 9, "'linear' or 'log'"),
        ("max: 2200 eV", "maximum: 2200 eV", 8, "unknown key 'maximum'"),
    ],
)
def test_faults_are_located(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as fault:
        read_fit(write(tmp_path, GOOD.replace(old, new)))
    assert f"fit.yaml:{line}" in str(fault.value)
    assert message in str(fault.value)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [1\n", "\x00"])
def test_files_that_are_no_yaml_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"fit\.yaml"):
        load_fit(write(tmp_path, text))


def test_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cgbridge init"):
        load_fit(tmp_path / "none.yaml")


# ---- one document: what YAML 1.1 would make of words, and what is refused ----


@pytest.mark.parametrize(
    "word", ["NO", "no", "Y", "N", "On", "off", "yes", "W2", "2024-01-01", "12:30", "1_000"]
)
def test_words_that_yaml_1_1_would_change_are_words(word: str) -> None:
    data, _ = parse_document(f"name: {word}\n{word}: 1\n")
    assert data == {"name": word, word: 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),  # eight in YAML 1.1
        ("0x10", 16),
        ("-3", -3),
        ("1e-7", 1e-7),  # text in YAML 1.1, for want of a point
        ("2.5E+3", 2500.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("'7'", "7"),
        ("!!str 7", "7"),
    ],
)
def test_numbers_are_those_of_yaml_1_2(text: str, value: object) -> None:
    data, _ = parse_document(f"a: {text}\n")
    assert data["a"] == value and type(data["a"]) is type(value)


def test_keys_are_words() -> None:
    assert parse_document("{NO: 1, 7: 2, true: 3, null: 4}")[0] == {"NO": 1, "7": 2, "true": 3, "null": 4}


@pytest.mark.parametrize("name", ["NO", "1e5", "007", "true", "300", "1.50"])
def test_names_are_taken_as_they_are_written(tmp_path: Path, name: str) -> None:
    text = GOOD.replace("name: W", f"name: {name}").replace("name: lattice", f"name: {name}")
    config = load_fit(write(tmp_path, text.replace("name: quick", f"name: {name}")))
    assert (config.name, config.model.bead.name, config.levels[0].name) == (name, name, name)


def test_names_in_model_and_target_files_too(tmp_path: Path) -> None:
    model = tmp_path / "no.yaml"
    model.write_text(
        "name: 1e5\nform: stillinger-weber\nbeads: [{name: NO, mass: 30 amu}]\nparameters:\n"
        + "".join(
            f"  - {{name: {n}, unit: {u}, value: {v}}}\n"
            for n, u, v in [
                ("epsilon", "kcal/mol", 6.189), ("sigma", "A", 2.3925), ("a", 1, 1.8), ("lambda", 1, 23.15),
                ("gamma", 1, 1.2), ("costheta0", 1, -0.333333), ("A", 1, 7.049556277), ("B", 1, 0.6022245584),
                ("p", 1, 4), ("q", 1, 0), ("tol", 1, 0),
            ]
        )
    )  # fmt: skip
    found = read_model(model)
    assert (found.name, found.beads[0].name) == ("1e5", "NO")
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/mine.yaml").write_text(
        "targets:\n  300: {observable: density, value: 1 g/cm^3, tolerance: 1 %, source: 2019}\n"
    )
    assert load_target("mine/300", tmp_path).source == "2019"


def test_merged_keys_are_taken_over_and_own_ones_win() -> None:
    text = (
        "a: &a {x: 1, y: {deep: 2}}\n"
        "b: &b {x: 5, z: 3}\n"
        "one: {<<: *a, x: 9}\n"
        "two:\n  <<: [*a, *b]\n  w: 4\n"
        "three: {<<: {x: 1}, y: 2}\n"
    )
    data, lines = parse_document(text)
    assert data["one"] == {"x": 9, "y": {"deep": 2}}
    assert data["two"] == {"x": 1, "y": {"deep": 2}, "z": 3, "w": 4}  # the first of several counts
    assert data["three"] == {"x": 1, "y": 2}
    assert lines["one", "x"] == 3 and lines["one", "y", "deep"] == 1  # where it is written
    assert lines["two", "z"] == 2


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("? [a, b]\n: c\n", 1, "a key is a word, and here it is a list"),
        ("x: 1\n{a: b}: c\n", 2, "a key is a word, and here it is a mapping"),
        ("x: {{name}}\n", 1, "a key is a word, and here it is a mapping"),  # a template that was not filled
        ('x: 1\n"": 2\n', 2, "a key is missing before the colon"),
        ("a: &a {x: 1}\nb: {<<: *a, y: 1, y: 2}\n", 2, "key 'y' is given twice"),
        ("a: {b: 1,\n  b: 2}\n", 2, "key 'b' is given twice"),
        ("a: {<<: 3}\n", 1, "'<<' takes over the keys of a mapping"),
        ("a: {<<: [3, 4]}\n", 1, "'<<' takes over the keys of a mapping"),
        ("a: &a [1, *a]\n", 1, "an anchor is used inside itself"),
        ("x: 1\na: &a\n  b: {<<: *a}\n", 2, "an anchor is used inside itself"),
        ("a: &a {<<: *a}\n", 1, "an anchor is used inside itself"),
        (_BOMB, 1, "anchors make more than"),
        ("a: *nobody\n", 1, "found undefined alias"),
        ("a: .nan\n", 1, "'.nan' is no finite number"),
        ("a: [1, -.inf]\n", 1, "'-.inf' is no finite number"),
        ("a: 1e999\n", 1, "'1e999' is no finite number"),
        ("a: 1e400 g/cm^3\n", 1, "'1e400 g/cm^3' is no finite number"),
        ('b: 1\na: {c: "-1e400"}\n', 2, "'-1e400' is no finite number"),
        ("a: 1e400 %\n", 1, "'1e400 %' is no finite number"),
        (f"a: 1{'0' * 400}\n", 1, f"'1{'0' * 39}...' is no finite number"),
        (f"a: -{'9' * 5000}\n", 1, f"'-{'9' * 39}...' is no finite number"),  # more digits than int takes
        (f"a: 0x{'f' * 400}\n", 1, f"'0x{'f' * 38}...' is no finite number"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "is not read here"),
        ("a: !!set {x}\n", 1, "is not read here"),
        ("a: !!int word\n", 1, "is not read here"),
        ("a: !!binary aGk=\n", 1, "is not read here"),
        ('x: 1\na: "\\ud800"\n', 2, "half a character"),
        ('a: "\\UFFFFFFFF"\n', None, "not valid YAML"),
        ("x: 1\ny: \x07\n", 2, "not valid YAML: special characters are not allowed"),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("[" * 500, 1, "nested too deeply"),
        ("a: &x 1\nb: " + "[" * 60 + "]" * 60, 2, "nested too deeply"),
    ],
)
def test_documents_that_are_refused(text: str, line: int | None, message: str) -> None:
    with pytest.raises(DocumentError) as fault:
        parse_document(text)
    assert message in fault.value.what
    assert fault.value.line == line


def test_merges_and_bombs_in_a_fit_have_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "x: &x {<<: *x}\n")
    with pytest.raises(ConfigError, match=r"fit\.yaml:17: an anchor is used inside itself"):
        load_fit(path)
    shared = GOOD.replace("A: {min", "A: &range {min").replace(
        "    beta:", "    B: {<<: *range, max: 3000 eV}\n    beta:"
    )
    config = load_fit(write(tmp_path, shared))
    assert config.model.search["B"] == config.model.search["A"].model_copy(  # type: ignore[union-attr]
        update={"max": "3000 eV"}
    )


def test_any_mutation_is_data_or_a_message() -> None:
    """Deleted, doubled and swapped pieces of a fit: never an error of Python, never an endless one."""
    rng = random.Random(7)
    pieces = [
        "&a ",
        "*a",
        "<<: ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ":",
        "\n",
        "- ",
        "!!",
        "'",
        '"',
        "|",
        "%",
        "~",
        "#",
    ]
    for _ in range(150):
        text = GOOD
        for _ in range(rng.randint(1, 6)):
            at, size = rng.randrange(len(text)), rng.randint(0, 12)
            text = text[:at] + rng.choice([*pieces, text[at : at + size] * 2, ""]) + text[at + size :]
        try:
            parse_document(text)
        except DocumentError as fault:
            assert fault.what and "object at 0x" not in fault.what
