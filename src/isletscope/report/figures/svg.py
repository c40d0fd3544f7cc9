"""A small writer of SVG: escaped text, numbers with at most three decimals, lengths in print mm."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

FONT = "Inter, 'Helvetica Neue', Arial, sans-serif"


class Canvas:
    """An SVG picture of ``width_mm`` by ``height_mm``; one user unit is one mm in print."""

    def __init__(self, width_mm: float, height_mm: float) -> None:
        self.width_mm = width_mm
        self.height_mm = height_mm
        self._parts: list[str] = []

    def add(self, tag: str, content: str | None = None, /, **attributes: str | float) -> None:
        """One element; an underscore in an attribute's name stands for a hyphen. ``content`` is escaped."""
        named = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
        body = "/>" if content is None else f">{escape(content, quote=False)}</{tag}>"
        self._parts.append(f"<{tag}{named}{body}")

    def image(self, x: float, y: float, width: float, height: float, address: str) -> None:
        """A raster picture filling a box."""
        self._parts.append(
            f'<image x="{_value(x)}" y="{_value(y)}" width="{_value(width)}" height="{_value(height)}" '
            f'preserveAspectRatio="none" href="{escape(address)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        content: str,
        *,
        size: float = 2.2,
        fill: str = "#16191C",
        anchor: str = "start",
        weight: int = 400,
        halo: str = "",
    ) -> None:
        """A line of text with its baseline at ``y``; ``halo`` is the colour of a thin edge behind the letters."""
        common: dict[str, str | float] = {
            "x": x,
            "y": y,
            "font_size": size,
            "text_anchor": anchor,
            "font_weight": weight,
        }
        if halo:
            self.add("text", content, fill=halo, stroke=halo, stroke_width=0.5, stroke_linejoin="round", **common)
        self.add("text", content, fill=fill, **common)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        stroke: str,
        width: float,
        dash: str = "",
        opacity: float = 1,
    ) -> None:
        """A straight line."""
        more: dict[str, str | float] = {"stroke_dasharray": dash} if dash else {}
        if opacity < 1:
            more["stroke_opacity"] = opacity
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **more)

    def path(self, data: str, *, stroke: str, width: float, dash: str = "", fill: str = "none") -> None:
        """A path."""
        more = {"stroke_dasharray": dash} if dash else {}
        self.add("path", d=data, fill=fill, stroke=stroke, stroke_width=width, stroke_linejoin="round", **more)

    def markup(self) -> str:
        """The whole picture. Its description stands beside it, in the alternative text."""
        size = f'viewBox="0 0 {_value(self.width_mm)} {_value(self.height_mm)}"'
        print_size = f'width="{_value(self.width_mm)}mm" height="{_value(self.height_mm)}mm"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {print_size} font-family="{FONT}">'
            f"{''.join(self._parts)}</svg>"
        )


def polyline(points: Iterable[tuple[float, float]], *, closed: bool) -> str:
    """Path data through the points."""
    text = " L ".join(f"{_value(x)} {_value(y)}" for x, y in points)
    return f"M {text}{' Z' if closed else ''}"


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value)
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
