"""What the repository promises about itself: no addresses, no machine's paths, no patient data, no forbidden parts."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from isletscope.phantom import scenarios
from scripts import licences, lock

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile("/(?:" + "|".join(["work", "root", "farm"]) + r")/|/home/[a-z]+/"),
    "a package index": re.compile(
        "|".join(["files" + r"\.pythonhosted", "pypi" + r"\.org", "pythonhosted" + r"\.org"])
    ),
    "unfinished work": re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b"),
}
BINARY = {".dcm", ".nii", ".gz", ".npy", ".npz", ".zip", ".whl", ".pdf", ".pkl", ".nrrd", ".so"}
PICTURES = {"docs/images/demo-report.png", "docs/images/demo-report.jpg"}


ATLASES = "src/isletscope/anatomy/images/atlases"
"""Label maps of six synthetic bodies, written by scripts/atlases.py: nobody's images, and no organ of CT or MR is found
without them (docs/anatomy.md)."""
NOT_TEXT = {".png", ".jpg", ".otf", ".npz"}


def tracked_files() -> list[Path]:
    """Files that git keeps, or would keep; skips where this is no git checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def forbidden_lines(path: Path) -> list[str]:
    """Where a text file holds what does not belong into the repository."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    place = path.relative_to(ROOT)
    return [f"{place}:{n}: {what}" for n, line in lines for what, sign in FORBIDDEN.items() if sign.search(line)]


def test_no_file_names_a_machine_or_an_index() -> None:
    texts = [path for path in tracked_files() if path.suffix not in NOT_TEXT]
    assert [found for path in texts for found in forbidden_lines(path)] == []


def test_no_image_data_lies_in_the_repository() -> None:
    files = tracked_files()
    atlases = [path for path in files if path.parent == ROOT / ATLASES and path.suffix == ".npz"]
    assert [path.name for path in atlases if path.stat().st_size > 100_000] == []
    assert [str(path.relative_to(ROOT)) for path in files if path.suffix in BINARY and path not in atlases] == []
    pictures = {str(path.relative_to(ROOT)) for path in files if path.suffix in {".png", ".jpg", ".jpeg", ".gif"}}
    sheets = {f"docs/images/scenarios/{plan.name}.png" for plan in scenarios()}
    assert pictures <= PICTURES | sheets, "only pictures of digital patients: the demo's report, a sheet a scenario"
    assert [path.name for path in files if path.stat().st_size > 500_000] == []


def test_the_lock_is_whole_and_names_no_index() -> None:
    assert lock.lock_faults(lock.LOCK.read_text(), lock.wanted_requirements()) == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda text: "--index-url https://mirror.example/simple\n" + text, "names the address of a package index"),
        (
            lambda text: re.sub(r"(?ms)^numba==.*?(?=^\S)", "", text),
            "numba is asked for in pyproject.toml and not locked",
        ),
        (
            lambda text: re.sub(r"(?m)^numba==\S+", "numba==0.1", text),
            "numba is locked at 0.1; pyproject.toml asks for",
        ),
        (lambda text: text + "\nleftpad==1.0\n", "no hash for leftpad"),
        (lambda text: text + "\nleftpad>=1.0\n", "not a pinned part: leftpad>=1.0"),
    ],
    ids=["address", "left out", "too old", "no hash", "not pinned"],
)
def test_the_lock_check_sees_damage(damage: object, sentence: str) -> None:
    assert callable(damage)
    faults = lock.lock_faults(damage(lock.LOCK.read_text()), lock.wanted_requirements())
    assert any(fault.startswith(sentence) for fault in faults), faults


def test_third_party_says_what_is_installed() -> None:
    reasons = licences.stated_reasons(licences.REASONS.read_text())
    run, develop = licences.installed_parts(reasons)
    assert licences.stale_rows(licences.LISTING.read_text(), lock.LOCK.read_text(), [*run, *develop]) == []
    assert licences.licence_faults([*run, *develop]) == []
    assert licences.missing_reasons(reasons) == []


def test_gpl_parts_stay_out_of_the_lock() -> None:
    assert not re.search(r"(?m)^(?:pylibjpeg-libjpeg|pyradiomics|elastix)==", lock.LOCK.read_text())


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0-only", True),
        ("GPLv2", True),
        ("LGPL-3.0-or-later", False),
        ("GNU Lesser General Public License v3", False),
        ("MIT OR GPL-2.0-only", False),
        ("MIT AND GPL-2.0-only", True),
        ("Apache-2.0", False),
        ("MPL-2.0", False),
    ],
)
def test_what_counts_as_gpl(licence: str, refused: bool) -> None:
    faults = licences.licence_faults([licences.Part("part", licence, "")])
    assert bool(faults) is refused


def test_a_refused_name_and_a_missing_licence_are_faults() -> None:
    parts = [licences.Part("pylibjpeg_libjpeg", "MIT", ""), licences.Part("odd", "", "")]
    assert licences.licence_faults(parts) == [
        "pylibjpeg_libjpeg is GPL-3.0 and must not be installed with Isletscope",
        "odd declares no licence",
    ]


def test_a_stale_listing_is_seen() -> None:
    text = "| part | licence | why |\n| --- | --- | --- |\n| numpy | MIT | arrays |\n| gone | MIT | once |\n"
    faults = licences.stale_rows(text, "numpy==2.0\nodd==1\n", [licences.Part("numpy", "BSD-3-Clause", "arrays")])
    assert faults == [
        "THIRD_PARTY.md is stale: numpy (BSD-3-Clause) is not listed; renew it with `make licences`",
        "THIRD_PARTY.md is stale: gone is listed and no longer used; renew it with `make licences`",
    ]


def test_the_package_says_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert (ROOT / "src/isletscope/py.typed").is_file()
