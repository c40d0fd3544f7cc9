from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from isletscope.errors import CaseError, OutputError
from isletscope.reading import CaseFolder, StepStore, digest, whole_file, write_text


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write everywhere: act as nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "case.json"
    with whole_file(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_the_old_file_and_no_part_of_the_new(tmp_path: Path) -> None:
    target = tmp_path / "case.json"
    target.write_text("old")

    def write_half() -> None:
        with whole_file(target) as temporary:
            temporary.write_text("new, half")
            raise ValueError("interrupted")

    with pytest.raises(ValueError, match="interrupted"):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    def write_to_full_disk() -> None:
        with whole_file(tmp_path / "case.json") as temporary:
            temporary.write_text("part")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"case\.json: cannot be written: the disk is full\. Free some space"):
        write_to_full_disk()
    assert list(tmp_path.iterdir()) == []


def test_no_permission_is_told_in_words(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    tmp_path.chmod(0o755)
    with unprivileged(), pytest.raises(OutputError, match="no permission to write"):
        write_text(locked / "case.json", "{}")


def test_out_below_a_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="a part of the path is a file"):
        CaseFolder.prepare(tmp_path / "file" / "case")


def test_a_folder_with_other_files_is_not_taken_for_a_case(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(OutputError, match="holds other files and no case"):
        CaseFolder.prepare(tmp_path)


def test_opening_what_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"is not a case folder.*isletscope read INPUT --out CASE"):
        CaseFolder.open(tmp_path)


def test_steps_are_recalled_only_for_the_same_inputs(tmp_path: Path) -> None:
    store = StepStore(tmp_path)
    store.keep("pet-1", digest("a", 1), {"foci": [1, 2]})
    assert store.recall("pet-1", digest("a", 1)) == {"foci": [1, 2]}
    assert store.recall("pet-1", digest("a", 2)) is None
    assert store.recall("pet-2", digest("a", 1)) is None


def test_a_step_without_its_files_is_done_again(tmp_path: Path) -> None:
    store = StepStore(tmp_path)
    store.keep("pet-1", "same", "result")
    assert store.recall("pet-1", "same", [tmp_path / "masks.nii.gz"]) is None


def test_a_damaged_step_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "pet-1.json").write_text('{"inputs": "same", "res')
    assert StepStore(tmp_path).recall("pet-1", "same") is None
