"""Pages whose tables are made by a script, and whose text is written by hand.

A table stands between two marks that name it:

    <!-- table NAME: begin -->
    <!-- table NAME: end -->
"""

import re
import sys

_TABLE = re.compile(r"(<!-- table ([\w-]+): begin -->\n).*?(<!-- table \2: end -->)", re.DOTALL)


def table(header, rows, *, numbers=False):
    """A table in Markdown; with ``numbers`` all columns but the first stand to the right."""
    lines = [header, ["---"] + (["---:"] if numbers else ["---"]) * (len(header) - 1), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def write_tables(page, tables, *, check=False):
    """Fill all tables of ``page`` by their names; with ``check`` only exit with 1 where they are old."""
    text = page.read_text(encoding="utf-8")
    missing = set(tables) - {match[2] for match in _TABLE.finditer(text)}
    if missing:
        sys.exit(f"{page}: no place for the tables {', '.join(sorted(missing))}")
    filled = _TABLE.sub(lambda match: f"{match[1]}\n{tables[match[2]].strip()}\n\n{match[3]}", text)
    if check:
        sys.exit(f"{page.name} is not current" if filled != text else 0)
    page.write_text(filled, encoding="utf-8")
