"""The finished report: what it says, that it is whole, self-contained, accessible and the same twice."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from isletscope.errors import OutputError
from isletscope.model import Case, Patient, SupplementaryObject, Verdict
from isletscope.report import NoImages, write_lesion_table, write_report
from isletscope.report.checks import Fault
from isletscope.report.content.overview import pet_views
from isletscope.report.content.summary import summary
from isletscope.report.content.written import written
from isletscope.report.table import COLUMNS, lesion_table_text
from isletscope.report.words import forbidden_words
from tests.report import cases
from tests.report.narrated_cases import whole
from tests.report.narrated_cases import written as narrative_of_whole

VOID = {"meta", "link", "br", "col", "img", "hr", "input"}
BARE_SUV = re.compile(r"(?<!SSTR )(?<!FDG )(?<!tracer )\bSUV(?:max|mean)\b")


class Page(HTMLParser):
    """What a test wants to know about a page: text, software sentences, tags, open elements left at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.software: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append((tag, named))
        if tag not in VOID:
            self.open.append((tag, "data-given" in named))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _ in self.open) or not data.strip():
            return
        self.text.append(data.strip())
        if not any(given for _, given in self.open):
            self.software.append(data.strip())

    def count(self, tag: str) -> int:
        return sum(1 for name, _ in self.tags if name == tag)


def build_html(case: Case, images: object, folder: Path) -> str:
    return write_report(case, images, folder).html.read_text(encoding="utf-8")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    case, images = cases.two_tracer_case()
    files = write_report(case, images, tmp_path_factory.mktemp("two"))
    return files.html.read_text(encoding="utf-8"), files.pdf


def test_the_parts_come_in_order(two: tuple[str, Path]) -> None:
    headings = re.findall(r"<h2 id=\"(\w+)\"", two[0])
    assert headings == [
        "summary", "where", "exams", "quantification", "references", "lesions", "slices", "physiologic", "totals",
        "open", "entries", "refused", "methods",
    ]  # fmt: skip


def test_it_says_who_when_and_what_state(two: tuple[str, Path]) -> None:
    text = " ".join(Page(two[0]).text)
    for part in (
        "REF-07",
        "Invented, Person",
        "female",
        "58 y",
        "78 kg‡",
        "Draft, not signed",
        "Report 2026-05-12",
        "Isletscope 0.1.0",
    ):
        assert part in text
    assert "Research use; not a medical device" in text


def test_the_summary_counts_and_names(two: tuple[str, Path]) -> None:
    text = " ".join(Page(two[0]).text)
    assert "6 lesions" in text
    assert "pancreas 1, nodes 1, liver 3, bone 1; and 1 indeterminate" in text
    assert "46\u00a0×\u00a040\u00a0mm" in text
    assert "1 focus indeterminate: X1 (bowel or node, left lower abdomen)." in text
    assert "Reference regions missing: spleen (SSTR, FDG PET)" in text
    assert "Imaging does not exclude nodal disease" in text


def test_missing_values_carry_a_letter_and_its_reason(two: tuple[str, Path]) -> None:
    page = two[0]
    assert "n/a\u00a0(a)" in page
    assert "(a) the spleen reference is missing: no spleen was found (P1, N1, L1, L2, L3, O1, X1)." in page
    assert "~ read with care: partial volume (below 12 mm) (X1)." in page


def test_the_page_is_whole_and_asks_for_nothing(two: tuple[str, Path]) -> None:
    page = Page(two[0])
    assert page.open == []
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:")
    addresses = set(re.findall(r"url\(([^)]{0,12})", two[0]))
    assert all(address.startswith("data:") for address in addresses)
    assert page.count("script") == 0
    assert len(two[0]) < 8_000_000


def test_the_page_is_accessible(two: tuple[str, Path]) -> None:
    page = Page(two[0])
    assert next(a for t, a in page.tags if t == "html")["lang"] == "en"
    assert page.count("h1") == 1
    assert page.count("caption") == page.count("table") > 8
    assert all(a.get("scope") for t, a in page.tags if t == "th")
    pictures = [a for t, a in page.tags if a.get("role") == "img"]
    assert len(pictures) == page.count("svg") == 2 + 2 + 8
    assert all(len(a.get("aria-label") or "") > 20 for a in pictures)
    identifiers = [a["id"] for _, a in page.tags if "id" in a]
    assert len(identifiers) == len(set(identifiers))


def test_the_pdf_is_a_tagged_pdf(two: tuple[str, Path]) -> None:
    content = two[1].read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in content
    assert b"/Lang" in content


def test_equal_input_gives_equal_files(tmp_path: Path) -> None:
    case, images = cases.one_pet_case(cases.SPOTS[:1])
    first = write_report(case, images, tmp_path / "first")
    second = write_report(case, images, tmp_path / "second")
    assert first.html.read_bytes() == second.html.read_bytes()
    assert first.pdf.read_bytes() == second.pdf.read_bytes()


CASES: dict[str, Callable[[], tuple[Case, object]]] = {
    "two tracers": cases.two_tracer_case,
    "without images": lambda: (cases.two_tracer_case()[0], NoImages()),
    "no lesion": lambda: cases.one_pet_case(()),
    "no reference": lambda: cases.one_pet_case(cases.SPOTS[5:6], references=False),
    "no PET": lambda: (cases.no_pet_case(), NoImages()),
    "nothing": lambda: (Case(software=cases.SOFTWARE, patient=Patient(id="REF-00")), NoImages()),
}


@pytest.mark.parametrize("name", list(CASES))
def test_no_software_sentence_uses_a_forbidden_word(name: str, tmp_path: Path) -> None:
    page = Page(build_html(*CASES[name](), tmp_path))
    assert page.open == []
    assert [(word, line) for line in page.software for word in forbidden_words(line)] == []
    assert [line for line in page.software if BARE_SUV.search(line) and "÷" not in line and "%" not in line] == []


@pytest.mark.parametrize("name", list(CASES))
def test_the_summary_stays_within_its_limits(name: str) -> None:
    case, _ = CASES[name]()
    lines = summary(case, pet_views(case)).lines
    assert len(lines) <= 12
    assert [line for line in lines if len(line.split()) > 30] == []


def test_what_came_with_the_images_is_listed(tmp_path: Path) -> None:
    given = SupplementaryObject(key="seg-1", kind="SEG", path_name="SEG_1.dcm", label="reader", regions=["tumour"])
    case = cases.no_pet_case().model_copy(update={"supplements": [given]})
    text = " ".join(Page(build_html(case, NoImages(), tmp_path)).text)
    assert "SEG_1.dcm reader tumour series not named in the file" in text


def test_no_cell_is_blank_but_the_corner(two: tuple[str, Path]) -> None:
    assert re.findall(r"<t[hd][^>]*></t[hd]>", two[0]) == ["<td></td>"]


def test_a_reader_s_words_are_printed_unchanged_and_marked(two: tuple[str, Path]) -> None:
    page = Page(two[0])
    assert "“weight missing in the header; taken from the request form”" in page.text
    assert "“weight missing in the header; taken from the request form”" not in page.software


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    case, _ = cases.two_tracer_case()
    hostile = '<script>alert(1)</script> #import "x" $ \\ ]] {{ 1 }}'
    case = case.model_copy(update={"patient": Patient(id=hostile, name=hostile), "open_items": [hostile]})
    files = write_report(case, NoImages(), tmp_path)
    page = files.html.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "{{ 1 }}" in Page(page).text[-3] + " ".join(Page(page).text)
    assert files.pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "name", ["\u5c71\u7530^\u592a\u90ce", "Ctrl\x07\x00^Bell", "\U0001f600", "\u0639\u0631\u0628\u064a", "a\nb"]
)
def test_any_name_is_printed(name: str, tmp_path: Path) -> None:
    case = cases.no_pet_case().model_copy(update={"patient": Patient(id="REF-00", name=name)})
    files = write_report(case, NoImages(), tmp_path)
    text = files.html.read_text(encoding="utf-8")
    assert files.pdf.read_bytes().startswith(b"%PDF")
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)
    shown = name.split("^")[0].replace("\x07", "\ufffd").replace("\x00", "\ufffd")
    assert shown in text


def test_without_images_sentences_stand_for_pictures(tmp_path: Path) -> None:
    page = Page(build_html(cases.two_tracer_case()[0], NoImages(), tmp_path))
    text = " ".join(page.text)
    assert "pictures not shown because the images of pet-1 are not in the case folder" in text
    assert page.count("svg") == 0


def test_no_lesion_is_said_in_words_and_not_as_absence(tmp_path: Path) -> None:
    text = " ".join(Page(build_html(*cases.one_pet_case(()), tmp_path)).text)
    assert "no focus suspicious for tumour is seen within the field of view" in text
    assert "SSTR-TV 0 mL and TLSRE 0 mL·SUV" in text
    assert "mean lesion uptake not applicable" in text


def test_undecided_lesions_are_no_all_clear(tmp_path: Path) -> None:
    spot = replace(cases.SPOTS[0], verdict=Verdict.UNSURE)
    text = " ".join(" ".join(Page(build_html(*cases.one_pet_case((spot,)), tmp_path)).text).split())
    assert "none suspicious for tumour, 1 indeterminate: up to" in text
    assert "no lesion is suspicious for tumour, 1 lesion is indeterminate" in text
    assert "SSTR-TV 0 mL and" not in text


def test_a_refused_pet_says_why_and_what_to_do(tmp_path: Path) -> None:
    text = " ".join(Page(build_html(cases.no_pet_case(), NoImages(), tmp_path)).text)
    assert "SSTR PET: not assessable because no series of it could be measured" in text
    assert "SUV blocked: body weight missing; found Patient's Weight (0010,1030) empty; expected kg." in text
    assert "FDG PET: not done" in text


def test_missing_references_are_named_with_their_reason(tmp_path: Path) -> None:
    case, images = cases.one_pet_case(cases.SPOTS[5:6], references=False)
    text = " ".join(Page(build_html(case, images, tmp_path)).text)
    assert "liver: missing because the liver is outside the field of view" in text
    assert "no reference region to compare with" in text


def test_more_than_twenty_lesions_are_not_counted_exactly(tmp_path: Path) -> None:
    case, _ = cases.one_pet_case(())
    one = cases.reading("pet-1", cases.SSTR, cases.many_spots(40))
    named = cases.lesions([one], {"pet-1": cases.many_spots(40)})
    case = case.model_copy(update={"readings": [one], "lesions": named})
    page = build_html(case, NoImages(), tmp_path)
    assert "> 20 lesions" in " ".join(Page(page).text)
    assert "automatic count 40" in page
    assert page.count('class="left strong"') >= 40


def test_an_unwritable_folder_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(cases.no_pet_case(), NoImages(), tmp_path / "file" / "report")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    case, images = cases.one_pet_case(cases.SPOTS[:2])
    write_report(case, images, tmp_path, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert told[0] == ("figures", 1, 3)
    assert told[-1] == ("report", 2, 2)


def test_the_lesion_table_is_tidy(tmp_path: Path) -> None:
    case, _ = cases.two_tracer_case()
    write_lesion_table(case, tmp_path / "lesions.csv")
    with (tmp_path / "lesions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["lesion_id"] for row in rows] == ["P1", "N1", "L1", "L2", "L3", "O1", "X1", "L8"]
    first = rows[0]
    assert float(first["suv_max_g_per_ml"]) == 38.4
    assert first["suv_max_g_per_ml_missing_because"] == ""
    assert first["ratio_to_spleen"] == ""
    assert first["ratio_to_spleen_missing_because"] == "the spleen reference is missing: no spleen was found"
    assert rows[-1]["tracer_class"] == "fdg"
    assert rows[-1]["exam_date"] == "2026-05-18"


def test_the_lesion_table_of_no_lesion_has_its_header(tmp_path: Path) -> None:
    write_lesion_table(cases.no_pet_case(), tmp_path / "lesions.csv")
    assert (tmp_path / "lesions.csv").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


def test_lesions_of_ct_have_rows_and_columns_of_their_own() -> None:
    rows = list(csv.DictReader(io.StringIO(lesion_table_text(whole()))))
    assert [row["lesion_id"] for row in rows] == ["P1", "N1", "L1", "L2"]
    assert rows[0]["ct_long_axis_mm"] == "34"
    assert rows[0]["ct_visibility"] == "seen"
    assert rows[1]["ct_volume_ml"] == ""


def test_without_observations_the_columns_stay(two: tuple[str, Path]) -> None:
    header = lesion_table_text(cases.two_tracer_case()[0]).split("\n", 1)[0]
    assert header == ",".join(COLUMNS)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    files = write_report(whole(), NoImages(), tmp_path_factory.mktemp("told"))
    return files.html.read_text(encoding="utf-8"), files.pdf


def test_the_written_report_comes_in_its_order(told: tuple[str, Path]) -> None:
    headings = [name for name in re.findall(r"<h2 id=\"([\w-]+)\"", told[0]) if name != "checks"]
    assert headings == [
        "question", "summary", "where", "examined", "steps", "lesion-table", "vessel-table", "liver-table", "scores",
        "impression", "open", "overrides", "slices", "lesions", "totals", "references", "physiologic", "exams",
        "quantification", "refused", "methods", "sources",
    ]  # fmt: skip
    assert [f"step-{number}" for number in range(1, 11)] == re.findall(r"<h3 id=\"(step-\d+)\"", told[0])


def test_what_blocks_signing_and_the_alert_stand_first(told: tuple[str, Path]) -> None:
    text = " ".join(Page(told[0]).text)
    assert text.index("block signing:") < text.index("ALERT, discordance:") < text.index("Findings, step by step")


def test_a_fault_of_the_text_is_listed_first_and_in_full() -> None:
    fault = Fault("C01", "step 2 1", "35 mm", "34 mm")
    parts = written(whole(), narrative_of_whole(), [fault])
    assert [line.lead for line in parts.before_signing][-1] == "1 fault of this text blocks signing:"
    assert parts.faults == ("C01 step 2 1: found 35 mm; expected 34 mm.",)


def test_the_written_page_is_accessible_and_closed(told: tuple[str, Path]) -> None:
    page = Page(told[0])
    assert page.open == []
    assert page.count("h1") == 1
    assert page.count("caption") == page.count("table")
    assert all(a.get("scope") for t, a in page.tags if t == "th")
    identifiers = [a["id"] for _, a in page.tags if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    assert told[1].read_bytes().startswith(b"%PDF-1.7")
