"""What remains possible while inputs are missing: every admissible value is tried, none is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TypeVar

Result = TypeVar("Result")


def possible_results(
    evaluate: Callable[[dict[str, object]], Result], unknown: Mapping[str, Sequence[object]]
) -> list[Result]:
    """Results over all combinations of admissible values of the unknown inputs, each once, in order of appearance.

    ``evaluate`` takes one value per name in ``unknown``. For a threshold one value on each side is enough.
    """
    found: list[Result] = []
    for values in product(*unknown.values()):
        result = evaluate(dict(zip(unknown, values, strict=True)))
        if result not in found:
            found.append(result)
    return found


def settling_inputs(
    evaluate: Callable[[dict[str, object]], Result], unknown: Mapping[str, Sequence[object]]
) -> list[str]:
    """Names of the unknown inputs that can still change the result, given some value of the others."""
    settling = []
    for name, choices in unknown.items():
        others = {key: values for key, values in unknown.items() if key != name}
        for values in product(*others.values()):
            rest = dict(zip(others, values, strict=True))
            if len({repr(evaluate({**rest, name: choice})) for choice in choices}) > 1:
                settling.append(name)
                break
    return settling
