"""Makes the README's picture: the first page of the report on the demo's digital reference patient.

    make demo && .venv/bin/python scripts/readme_picture.py

Only the demo's own patient is accepted: no picture of a person enters the repository.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

import typst
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "demo-report.png"
PIXELS_PER_INCH = 110
LARGEST_BYTES = 200_000
PAGE = """#set page(width: auto, height: auto, margin: 0pt)
#image("report.pdf", page: {page}, width: 210mm)
"""


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", nargs="?", type=Path, default=ROOT / "demo", help="folder that make demo wrote")
    parser.add_argument("--page", type=int, default=1)
    options = parser.parse_args()
    if not (options.demo / "reference-patient/truth/truth.json").is_file():
        print(f"{options.demo} holds no digital reference patient: run `make demo` first")
        return 1
    patient = json.loads((options.demo / "case/case.json").read_text())["patient"]["id"]
    write_picture(options.demo / "case/report/report.pdf", options.page)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB, patient {patient}")
    return 0


def write_picture(report: Path, page: int) -> None:
    """Render one page and reduce its colours until the file is small enough."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(report, folder / "report.pdf")
        (folder / "page.typ").write_text(PAGE.format(page=page))
        rendered: bytes = typst.compile(folder / "page.typ", root=folder, format="png", ppi=PIXELS_PER_INCH)
    picture = Image.open(io.BytesIO(rendered)).convert("RGB")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 192, 128, 96, 64):
        picture.quantize(colours, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
        if PICTURE.stat().st_size <= LARGEST_BYTES:
            return
    raise SystemExit(f"the picture stays above {LARGEST_BYTES // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
