"""Makes requirements.lock from pyproject.toml, or checks that the two agree.

python scripts/lock.py            asks uv to resolve all parts anew
python scripts/lock.py --check    offline: every part asked for is locked, at an allowed version, with its hashes,
                                  and the lock names no package index
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def main() -> int:
    """Run the command line; the exit code is 1 when the check finds a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    if not parser.parse_args().check:
        return resolve()
    faults = lock_faults(LOCK.read_text(), wanted_requirements())
    for fault in faults:
        print(f"requirements.lock: {fault}")
    if faults:
        print("Renew it with `make lock`.")
    return 1 if faults else 0


def resolve() -> int:
    """Let uv write the lock: every platform, Python 3.11 and later, with hashes, without addresses."""
    command = [
        *(str(ROOT / ".venv/bin/uv"), "pip", "compile", "pyproject.toml", "--quiet", "--extra", "dev"),
        *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"),
        *("--no-emit-index-url", "--no-emit-find-links", "--output-file", str(LOCK)),
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def wanted_requirements() -> list[Requirement]:
    """What pyproject.toml asks for: to run, to develop and to build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
        *project["build-system"]["requires"],
    ]
    return [Requirement(line) for line in lines]


def lock_faults(lock: str, wanted: list[Requirement]) -> list[str]:
    """What is wrong with the text of a lock, one sentence a fault."""
    versions: dict[str, set[str]] = {}
    faults: list[str] = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()):
        pinned = PINNED.match(block)
        if pinned is None:
            faults.append(f"not a pinned part: {block.splitlines()[0]}")
            continue
        versions.setdefault(canonicalize_name(pinned["name"]), set()).add(pinned["version"])
        if "--hash=sha256:" not in block:
            faults.append(f"no hash for {pinned['name']}")
    if "://" in lock or "--index-url" in lock or "--find-links" in lock:
        faults.append("names the address of a package index")
    for requirement in wanted:
        locked = versions.get(canonicalize_name(requirement.name))
        if not locked:
            faults.append(f"{requirement.name} is asked for in pyproject.toml and not locked")
        else:
            faults += [
                f"{requirement.name} is locked at {version}; pyproject.toml asks for {requirement.specifier}"
                for version in sorted(locked)
                if not requirement.specifier.contains(version, prereleases=True)
            ]
    return faults


if __name__ == "__main__":
    sys.exit(main())
