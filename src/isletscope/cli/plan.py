"""Plan the best achievable cytoreduction of the liver: what may be taken, what stays, and what forbids more."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose

if TYPE_CHECKING:
    from isletscope.criteria import remnant
    from isletscope.reading import PlanRequest

NAME = "plan"


class LiverBackground(StrEnum):
    """State of the liver, as the minima of the remnant name it."""

    NORMAL = "normal"
    CHEMO = "chemo"
    FIBROSIS = "fibrosis"
    FIBROSIS_ICG = "fibrosis-icg"
    UNKNOWN = "unknown"


class PlanWeight(StrEnum):
    """What clearing a lesion counts."""

    VOLUME = "volume"
    SSTR = "sstr"
    FDG = "fdg"


CaseArgument = Annotated[Path, typer.Argument(help="Case folder made by read.")]
Background = Annotated[LiverBackground, typer.Option(help="State of the liver; sets both minima of the remnant.")]
Weight = Annotated[PlanWeight, typer.Option(help="What counts: tumour volume, SSTR or FDG volume.")]
Goal = Annotated[
    float | None,
    typer.Option(min=0.01, max=1.0, help="Share to clear, as 0.7, 0.9 or 1; else the highest in reach."),
]
Procedures = Annotated[int | None, typer.Option(min=1, help="Procedures in all, as they are named.")]
Local = Annotated[int | None, typer.Option(min=0, help="Wedges and ablations in all; 10 when not given.")]
NoAblation = Annotated[bool, typer.Option("--no-ablation", help="Offer no ablation.")]
NoWedge = Annotated[bool, typer.Option("--no-wedge", help="Offer no wedge.")]
NoResection = Annotated[bool, typer.Option("--no-resection", help="Offer no anatomical resection.")]
Margin = Annotated[
    float | None, typer.Option("--margin", metavar="MM", min=0.0, max=20.0, help="Margin of wedges; else 5 mm.")
]
LeastRflr = Annotated[
    float | None, typer.Option(metavar="PERCENT", min=0.0, max=100.0, help="Replaces the least rFLR.")
]
LeastSflr = Annotated[
    float | None, typer.Option(metavar="PERCENT", min=0.0, max=100.0, help="Replaces the least sFLR.")
]
Previous = Annotated[bool, typer.Option("--previous-hepatectomy", help="Liver was removed before: only sFLR counts.")]
Segments = Annotated[Path | None, typer.Option(help="NIfTI map of Couinaud's segments, labels 1 to 8.")]
Pedicles = Annotated[
    Path | None, typer.Option(help="NIfTI mask of portal branches or bile ducts of first and second order.")
]
TimePointName = Annotated[
    str | None,
    typer.Option("--time-point", metavar="NAME", help="Time point to plan; else the last with liver metastases."),
]
WithUnsure = Annotated[
    bool, typer.Option("--with-unsure", help="Plan lesions of the liver that are left unsure as if they were tumour.")
]


def run(
    case: CaseArgument,
    liver_background: Background = LiverBackground.UNKNOWN,
    weight: Weight = PlanWeight.VOLUME,
    goal: Goal = None,
    max_procedures: Procedures = None,
    max_local: Local = None,
    no_ablation: NoAblation = False,
    no_wedge: NoWedge = False,
    no_resection: NoResection = False,
    margin_mm: Margin = None,
    min_rflr: LeastRflr = None,
    min_sflr: LeastSflr = None,
    previous_hepatectomy: Previous = False,
    segments: Segments = None,
    pedicles: Pedicles = None,
    time_point: TimePointName = None,
    with_unsure: WithUnsure = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope plan``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.reading import PlanRequest
    from isletscope.surgery import Asked, Offered

    offered = Offered(resections=not no_resection, wedges=not no_wedge, ablations=not no_ablation)
    asked = Asked(
        weight=weight.value,
        goal_percent=None if goal is None else 100 * goal,
        most_procedures=max_procedures,
        most_local=max_local,
        offered=offered if margin_mm is None else offered.with_margin(margin_mm),
        least_rflr_percent=min_rflr,
        least_sflr_percent=min_sflr,
    )
    request = PlanRequest(
        asked=asked,
        background=_row(liver_background),
        previous_hepatectomy=previous_hepatectomy or None,
        segments=segments,
        pedicles=pedicles,
        time_point=time_point,
        with_unsure=with_unsure,
    )
    return _carry_out(Console(quiet=quiet, verbose=verbose, as_json=as_json), case, request)


def _carry_out(console: Console, case: Path, request: PlanRequest) -> int:
    from isletscope.cli.plan_tables import show_plan
    from isletscope.cli.reporting import show_report, write_case_report
    from isletscope.reading import CaseFolder, plan_case

    folder = CaseFolder.open(case)
    with console.progress() as progress:
        progress("plan", 0, 1)
        plan = plan_case(folder, request)
        progress("plan", 1, 1)
        files = write_case_report(folder, progress=progress)
    if console.as_json:
        console.document({"case": str(folder.path), "plan": plan.model_dump(mode="json")})
    else:
        show_plan(console, plan)
        show_report(console, files)
    return ExitCode.DONE


def _row(background: LiverBackground) -> remnant.Background:
    """The row of minima for a state of the liver."""
    rows: dict[LiverBackground, remnant.Background] = {
        LiverBackground.NORMAL: "normal",
        LiverBackground.CHEMO: "treated",
        LiverBackground.FIBROSIS: "fibrosis",
        LiverBackground.FIBROSIS_ICG: "fibrosis_icg_raised",
        LiverBackground.UNKNOWN: "unknown",
    }
    return rows[background]
