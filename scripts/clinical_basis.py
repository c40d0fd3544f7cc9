"""Writes docs/clinical-basis.md from the YAML of the criteria, of the assessment and of the report's items.

python scripts/clinical_basis.py            writes it
python scripts/clinical_basis.py --check    exit code 1 when it is stale
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isletscope.criteria import Citation, all_criteria, citations
from isletscope.items import Catalogue, Item, catalogue
from isletscope.yaml_text import read_yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "clinical-basis.md"
CRITERIA = ROOT / "src" / "isletscope" / "criteria"
ASSESSMENT = ROOT / "src" / "isletscope" / "assessment"
IMAGING = sorted(path.stem for path in CRITERIA.glob("imaging_*.yaml"))

HEAD = """# Clinical basis

Written by `make docs` from the YAML that the program runs on; do not edit.

Every rule, limit and question of the program with its source and its support:

- `verified`: the source itself was read and says so;
- `verified_2nd`: read in another text that quotes or tabulates it;
- `recall`: known from memory, to be checked before it is relied on;
- `convention`: chosen for this program where sources are silent or collide;
- `computed`: follows by calculation.

Keys in brackets are those of the [references](#references). Research use; not a medical device.
"""

Row = tuple[str, str, str, str]


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    page = basis_page()
    if not parser.parse_args().check:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        print("docs/clinical-basis.md is stale; renew it with `make docs`")
        return 1
    return 0


def basis_page() -> str:
    """The text of docs/clinical-basis.md."""
    sections = [
        HEAD,
        "## Criteria\n",
        *(_criterion_section(name) for name in all_criteria()),
        _shared_flags(),
        "## Choice of imaging\n",
        *(_table_section(name.replace("_", " ").capitalize(), _book(name)) for name in IMAGING),
        _assessment_section(),
        _items_section(catalogue()),
        _templates_section(catalogue()),
        _references_section(citations()),
    ]
    return "\n".join(sections)


def rows_of(content: Any, place: tuple[str, ...] = ()) -> Iterator[Row]:
    """Every statement of a book that carries a support mark: where it stands, what it says, support, sources."""
    if isinstance(content, list):
        for number, entry in enumerate(content, start=1):
            yield from rows_of(entry, (*place, str(number)))
    if not isinstance(content, dict):
        return
    support = content.get("support") or _unsaid(content, place)
    if support:
        yield ".".join(place), _statement(content), support, ", ".join(content.get("cite", ()))
    if "uptake_support" in content:
        cited = ", ".join(content.get("uptake_cite", ()))
        yield ".".join((*place, "uptake")), f"uptake time {content['uptake']}", content["uptake_support"], cited
    for key, value in content.items():
        yield from rows_of(value, (*place, str(key)))


def _unsaid(content: dict[str, Any], place: tuple[str, ...]) -> str | None:
    """Support of a statement that leaves it to its schema: flags are conventions, rows of a pathway from memory."""
    if place[:1] == ("flags",) and len(place) == 2:
        return "convention"
    return "recall" if "because" in content else None


def _statement(content: dict[str, Any]) -> str:
    words = next((str(content[key]) for key in ("text", "because", "about", "title", "name") if content.get(key)), "")
    if "value" in content and not isinstance(content["value"], dict | list):
        unit = "" if content.get("unit", "1") == "1" else f" {content['unit']}"
        return f"{content['value']}{unit}: {words}" if words else f"{content['value']}{unit}"
    if words:
        return words
    plain = {key: value for key, value in content.items() if key not in ("support", "cite")}
    return "; ".join(f"{key} {_plain(value)}" for key, value in plain.items() if not isinstance(value, dict))


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _criterion_section(name: str) -> str:
    criterion = all_criteria()[name]
    notes = "".join(f"- {note}\n" for note in criterion.book.notes)
    head = f"### {criterion.title}\n\n`{name}`, version {criterion.version}, {criterion.book.group}.\n"
    about = f"{head}{' '.join(criterion.book.about.split())}\n"
    return "\n".join([about, *([notes] if notes else []), _table(list(rows_of(_book(name))))])


def _shared_flags() -> str:
    return _table_section("Flags that all criteria share", {"flags": _book("common_flags")})


def _assessment_section() -> str:
    """What the files of the room assessment say with a support mark: choices between findings, limits, discordances."""
    parts = ["## From findings to rules\n"]
    for path in sorted(ASSESSMENT.glob("*.yaml")):
        content = read_yaml(path.read_text(encoding="utf-8"))
        if list(rows_of(content)):
            parts.append(_table_section(path.stem.capitalize(), content))
    return "\n".join(parts)


def _table_section(title: str, content: Any) -> str:
    return f"### {title}\n\n{_table(list(rows_of(content)))}"


def _table(rows: list[Row]) -> str:
    lines = [f"| `{place}` | {_cell(words)} | {support} | {_cell(cited)} |" for place, words, support, cited in rows]
    return "\n".join(["| rule | says | support | sources |", "| --- | --- | --- | --- |", *lines, ""])


def _items_section(book: Catalogue) -> str:
    parts = ["## Items of the report\n"]
    for step in book.steps:
        parts.append(f"### Step {step.number}. {step.title}\n\n{step.about}\n")
        parts.append("| item | question | wanted | support | sources |\n| --- | --- | --- | --- | --- |")
        parts += [_item_row(item) for item in step.items]
        parts.append("")
    return "\n".join(parts)


def _item_row(item: Item) -> str:
    wanted = f"{item.need}: `{item.when}`" if item.when else str(item.need)
    words = f"{item.question} {item.help}"
    return f"| `{item.id}` | {_cell(words)} | {wanted} | {item.support} | {', '.join(item.cite)} |"


def _templates_section(book: Catalogue) -> str:
    rows = [
        f"| {template.title} | {_cell(', '.join(template.elements) or 'not read')} | {template.support} | "
        f"{', '.join(template.cite)} |"
        for template in book.templates.values()
    ]
    head = "## Templates\n\n| template | elements | support | sources |\n| --- | --- | --- | --- |"
    return "\n".join([head, *rows, ""])


def _references_section(known: dict[str, Citation]) -> str:
    counts = Counter(str(citation.support) for citation in known.values())
    summary = ", ".join(f"{count} {mark}" for mark, count in sorted(counts.items()))
    lines = [f"- **{key}** {citation.printed()} ({citation.support})" for key, citation in sorted(known.items())]
    return "\n".join(["## References\n", f"{len(known)} references: {summary}.\n", *lines, ""])


def _book(name: str) -> Any:
    return read_yaml((CRITERIA / f"{name}.yaml").read_text(encoding="utf-8"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
