"""Writes THIRD_PARTY.md from the licences that the installed parts declare, or checks it.

    python scripts/licences.py            writes THIRD_PARTY.md
    python scripts/licences.py --check    fails on a GPL part, on a part without a licence, on a direct dependency
                                          without a reason in docs/dependencies.md, and on a stale THIRD_PARTY.md

Versions are in requirements.lock and not in the list, so that a new version alone does not make it stale; nor does a
part that only another platform or Python version installs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LISTING = ROOT / "THIRD_PARTY.md"
LOCK = ROOT / "requirements.lock"
REASONS = ROOT / "docs" / "dependencies.md"

# GPL in its plain or Affero form, by abbreviation or in full; LGPL ("Lesser", "Library") does not match.
GPL = re.compile(r"(?<![A-Za-z])A?GPL|(?<!Lesser )(?<!Library )General Public License", re.IGNORECASE)
REFUSED_BY_NAME = {"pylibjpeg-libjpeg": "GPL-3.0"}

# Parts whose metadata hold the licence's text, or its family name alone; the name is from the text they ship.
NAMED_BY_HAND = {
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "fhirpathpy": "MIT",
    "grimp": "BSD-2-Clause",
    "import-linter": "BSD-2-Clause",
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "Matplotlib licence (PSF-based)",
    "numba": "BSD-2-Clause",
    "scipy": "BSD-3-Clause",
    "simpleitk": "Apache-2.0",
    "shellingham": "ISC",
    "sortedcontainers": "Apache-2.0",
}
CLASSIFIER_NAMES = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

HEADER = """# Third-party parts

Isletscope is licensed under Apache-2.0 (see LICENSE). It uses the parts below, each under its own licence; the text of
each licence comes with the installed part. This list is made by `scripts/licences.py` from what the parts declare about
themselves; `make lint` fails when it is stale, or when a part under the GPL is about to come in.

LGPL parts are separate, replaceable wheels ([docs/dependencies.md](docs/dependencies.md)). Wheels of SciPy and NumPy
carry compiled run-time libraries (GCC's libgfortran and libquadmath) under the GCC Runtime Library Exception.
"""

CARRIED = """## Carried in this repository

| part | licence | why it is here |
| --- | --- | --- |
| Inter, two weights, in `src/isletscope/report/fonts` | OFL-1.1 (text beside it) | the report looks alike everywhere |
"""


@dataclass(frozen=True)
class Part:
    """One installed distribution and what it says about itself."""

    name: str
    licence: str
    reason: str

    @property
    def key(self) -> str:
        """Name in the form that tells two spellings of one part alike."""
        return canonicalize_name(self.name)


def main() -> int:
    """Run the command line; the exit code is 1 when the check finds a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    check = parser.parse_args().check
    reasons = stated_reasons(REASONS.read_text())
    run, develop = installed_parts(reasons)
    faults = licence_faults([*run, *develop]) + missing_reasons(reasons)
    if check:
        faults += stale_rows(LISTING.read_text() if LISTING.is_file() else "", LOCK.read_text(), [*run, *develop])
    else:
        LISTING.write_text(listing(run, develop))
    for fault in faults:
        print(fault)
    if check and not faults:
        print(f"Licences: {len(run)} parts to run, {len(develop)} more to develop, none under the GPL.")
    return 1 if faults else 0


def stated_reasons(text: str) -> dict[str, str]:
    """Reason by part, from the tables of docs/dependencies.md."""
    rows = re.findall(r"^\| ([A-Za-z0-9._-]+) \| (.+?) \|$", text, flags=re.MULTILINE)
    return {canonicalize_name(name): reason for name, reason in rows if name not in {"part", "---"}}


def installed_parts(reasons: dict[str, str]) -> tuple[list[Part], list[Part]]:
    """The parts needed to run, and those that only development adds."""
    run = closure(direct_requirements(""))
    develop = closure(direct_requirements("dev"))
    needed_by = parents([*run.values(), *develop.values()])

    def parts(chosen: dict[str, Distribution]) -> list[Part]:
        described = []
        for key, found in sorted(chosen.items()):
            reason = reasons.get(key) or f"needed by {', '.join(sorted(needed_by.get(key, {'unknown'})))}"
            described.append(Part(found.metadata["Name"], licence_of(found), reason))
        return described

    return parts(run), parts({key: found for key, found in develop.items() if key not in run})


def direct_requirements(extra: str) -> list[Requirement]:
    """What pyproject.toml asks for: to run (extra ``""``), or with the extra named."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return [Requirement(line) for line in lines]


def closure(wanted: list[Requirement]) -> dict[str, Distribution]:
    """All installed distributions that the requirements lead to, by canonical name."""
    found: dict[str, Distribution] = {}
    waiting = list(wanted)
    while waiting:
        item = waiting.pop()
        key = canonicalize_name(item.name)
        if key in found:
            continue
        try:
            found[key] = distribution(item.name)
        except PackageNotFoundError:
            sys.exit(f"{item.name} is asked for and not installed: run `make install` first")
        waiting += needs_of(found[key])
    return found


def needs_of(part: Distribution) -> list[Requirement]:
    """What a part needs on this platform, without its extras."""
    wanted = [Requirement(line) for line in part.requires or []]
    return [item for item in wanted if item.marker is None or item.marker.evaluate({"extra": ""})]


def parents(parts: list[Distribution]) -> dict[str, set[str]]:
    """Which parts need a part, by canonical name."""
    needed_by: dict[str, set[str]] = {}
    for part in parts:
        for item in needs_of(part):
            needed_by.setdefault(canonicalize_name(item.name), set()).add(part.metadata["Name"])
    return needed_by


def licence_of(part: Distribution) -> str:
    """The licence a part declares, as an SPDX name where it gives one; empty when it declares none."""
    key = canonicalize_name(part.metadata["Name"])
    if key in NAMED_BY_HAND:
        return NAMED_BY_HAND[key]
    if "License-Expression" in part.metadata:
        return part.metadata["License-Expression"]
    free_text = part.metadata["License"].strip() if "License" in part.metadata else ""
    if free_text and "\n" not in free_text and len(free_text) < 60:
        return {"Apache 2.0": "Apache-2.0", "Apache": "Apache-2.0"}.get(free_text, free_text)
    classifiers = [
        line.rsplit(" :: ", 1)[-1]
        for line in part.metadata.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    return " / ".join(CLASSIFIER_NAMES.get(line, line) for line in classifiers)


def licence_faults(parts: list[Part]) -> list[str]:
    """Parts under the GPL, refused by name, or without any licence."""
    faults = []
    for part in parts:
        if part.key in REFUSED_BY_NAME:
            faults.append(f"{part.name} is {REFUSED_BY_NAME[part.key]} and must not be installed with Isletscope")
        elif not part.licence:
            faults.append(f"{part.name} declares no licence")
        elif is_gpl_only(part.licence):
            faults.append(f"{part.name} is under {part.licence}: GPL parts stay out")
    return faults


def is_gpl_only(licence: str) -> bool:
    """Whether every choice that the licence leaves is the GPL; ``MIT OR GPL-2.0`` leaves another."""
    choices = re.split(r"\s+OR\s+|\s+or\s+(?=[A-Z])", licence.strip("()"))
    return all(GPL.search(choice) for choice in choices)


def missing_reasons(reasons: dict[str, str]) -> list[str]:
    """Direct dependencies for which docs/dependencies.md gives no reason."""
    direct = [*direct_requirements(""), *direct_requirements("dev")]
    names = sorted({item.name for item in direct if canonicalize_name(item.name) not in reasons}, key=str.lower)
    return [f"docs/dependencies.md gives no reason for {name}" for name in names]


def stale_rows(text: str, lock: str, parts: list[Part]) -> list[str]:
    """Where THIRD_PARTY.md no longer says what is installed, or names a part that is no longer locked."""
    rows = re.findall(r"^\| ([A-Za-z0-9._-]+) \| (.+?) \| .+ \|$", text, flags=re.MULTILINE)
    listed: dict[str, str] = {canonicalize_name(name): licence for name, licence in rows if name not in {"part", "---"}}
    locked = {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, flags=re.MULTILINE)}
    faults = [f"{part.name} ({part.licence}) is not listed" for part in parts if listed.get(part.key) != part.licence]
    faults += [f"{name} is listed and no longer used" for name in sorted(set(listed) - locked)]
    return [f"THIRD_PARTY.md is stale: {fault}; renew it with `make licences`" for fault in faults]


def listing(run: list[Part], develop: list[Part]) -> str:
    """The text of THIRD_PARTY.md."""

    def table(parts: list[Part]) -> str:
        rows = "\n".join(f"| {part.name} | {part.licence} | {part.reason} |" for part in parts)
        return f"| part | licence | why it is here |\n| --- | --- | --- |\n{rows}\n"

    installed = f"## Installed to run\n\n{table(run)}"
    return f"{HEADER}\n{installed}\n{CARRIED}\n## Added for development and tests\n\n{table(develop)}"


if __name__ == "__main__":
    sys.exit(main())
