"""What holds for every case: order of lesions does not matter, and knowing less never makes a result more certain."""

from __future__ import annotations

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isletscope.assessment.alerts import find_alerts
from isletscope.assessment.grade import assess_grade
from isletscope.assessment.outside_liver import assess_outside_liver
from isletscope.assessment.phenotype import assess_phenotype
from isletscope.assessment.stage import assess_stage
from isletscope.assessment.therapy import assess_therapy
from isletscope.assessment.uptake import assess_uptake
from isletscope.assessment.view import views
from isletscope.assessment.volumes import assess_volumes
from isletscope.model import Case, Conclusion, Lesion, Observation, Visibility
from tests.assessment.cases import case, gathered, lesion, not_covered, not_seen, seen
from tests.criteria.support import certainty

GROUPS = (
    assess_grade,
    assess_stage,
    assess_uptake,
    assess_phenotype,
    assess_volumes,
    assess_outside_liver,
    assess_therapy,
)
HISTOLOGY = {"histology": {"sample": "P1", "ki67_percent": 8, "mitoses_per_2mm2": 3, "differentiation": "well"}}
PLACES = {"P": ("head", "tail", ""), "N": ("celiac", "supraclavicular", ""), "L": ("7", "2"), "O": ("L2",)}
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def on_ct() -> st.SearchStrategy[Observation]:
    sizes = st.sampled_from((8.0, 19.0, 21.0, 45.0))
    return st.one_of(sizes.map(lambda size: seen("ct", long_axis=size)), st.just(not_seen("ct")))


def on_pet(kind: str) -> st.SearchStrategy[Observation]:
    uptake = st.sampled_from((1.0, 3.0, 8.0, 30.0))
    shown = uptake.map(lambda suv: seen(kind, suv_max=suv, suv_mean=suv / 2, volume=2.0))
    return st.one_of(shown, st.just(not_seen(kind)), st.just(not_covered(kind)))


@st.composite
def some_lesions(draw: st.DrawFn) -> list[Lesion]:
    names = draw(st.lists(st.sampled_from([f"{a}{i}" for a, i in product("PNLO", (1, 2))]), unique=True, max_size=4))
    found = []
    for name in ["P1", *(one for one in names if one != "P1")]:
        observations = [draw(on_ct()), draw(on_pet("sstr_pet")), draw(on_pet("fdg_pet"))]
        found.append(lesion(name, *observations, region=draw(st.sampled_from(PLACES[name[0]]))))
    return found


def conclusions(given: Case) -> dict[tuple[str, str], Conclusion]:
    return {(one.name, one.subject): one for one in gathered(given, *GROUPS).in_order()}


@few
@given(lesions=some_lesions(), data=st.data())
def test_the_order_of_lesions_never_matters(lesions: list[Lesion], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(lesions))
    one, other = case(*lesions, clinical=HISTOLOGY), case(*shuffled, clinical=HISTOLOGY)
    said = {name: (result.value, result.parts, result.possible) for name, result in conclusions(one).items()}
    assert said == {name: (result.value, result.parts, result.possible) for name, result in conclusions(other).items()}
    alerts = [find_alerts(views(which)[0], gathered(which, *GROUPS)) for which in (one, other)]
    assert [(alert.code, alert.lesions) for alert in alerts[0]] == [(alert.code, alert.lesions) for alert in alerts[1]]


@few
@given(lesions=some_lesions(), data=st.data())
def test_taking_an_observation_away_never_makes_a_result_more_certain(
    lesions: list[Lesion], data: st.DataObject
) -> None:
    """As long as another exam still shows the lesion: a lesion that nothing shows any more is another patient."""
    which = data.draw(st.integers(0, len(lesions) - 1))
    dropped = data.draw(st.integers(0, 2))
    left = [one for number, one in enumerate(lesions[which].observations) if number != dropped]
    if not any(one.visibility is Visibility.SEEN for one in left):
        return
    fewer = list(lesions)
    fewer[which] = lesions[which].model_copy(update={"observations": left})
    before, after = (conclusions(case(*given, clinical=HISTOLOGY)) for given in (lesions, fewer))
    for name, result in after.items():
        if before[name].missing != ["a lesion"]:  # certain that there is nothing to rate, which is no result either
            assert certainty(result) <= certainty(before[name]), name


@few
@given(lesions=some_lesions())
def test_taking_the_histology_away_never_makes_a_result_more_certain(lesions: list[Lesion]) -> None:
    before, after = conclusions(case(*lesions, clinical=HISTOLOGY)), conclusions(case(*lesions))
    for name, result in after.items():
        assert certainty(result) <= certainty(before[name]), name
