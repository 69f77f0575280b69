"""A matplotlib figure as SVG text: a plain file for papers, and a form that follows the page's colours."""

import io
import re
from html import escape

from matplotlib.figure import Figure

from analysis.figures.style import GRID, INK, LAYOUT_FONT, MUTED, SHADE, applied

PAGE_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)", SHADE: "var(--shade)"}
LONG_NUMBER = re.compile(r"(-?\d+\.\d{2})\d+")
TAG = re.compile(r"<[^>]*>")
PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
READER_FONTS = "Inter, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def to_svg(figure: Figure, slug: str) -> str:
    """Return ``figure`` as a stand-alone SVG document; the same figure always gives the same bytes."""
    buffer = io.StringIO()
    with applied():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = METADATA.sub("", buffer.getvalue())
    text = text.replace(f"'{LAYOUT_FONT}'", READER_FONTS)
    return TAG.sub(lambda tag: LONG_NUMBER.sub(r"\1", tag.group()), _own_names(text, slug))


def for_page(svg: str, title: str) -> str:
    """Return ``svg`` to stand inside an HTML page: colours from the page's theme, a title for screen readers."""
    text = PROLOGUE.sub("", svg)
    for colour, variable in PAGE_COLOURS.items():
        text = text.replace(colour, variable)
    text = text.replace(READER_FONTS, "inherit")
    text = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", text, count=1)
    text = re.sub(r'<svg ([^>]*?)height="[^"]*"', r"<svg \1", text, count=1)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def _own_names(text: str, slug: str) -> str:
    """Keep only ids that something refers to, and make them the figure's own, since several share one page."""
    referred = dict.fromkeys(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    names = {name: f"{slug}-{number}" for number, name in enumerate(referred)}

    def definition(found: re.Match[str]) -> str:
        return f' id="{names[found.group(1)]}"' if found.group(1) in names else ""

    text = re.sub(r' id="([^"]+)"', definition, text)
    return re.sub(r'(href="#|url\(#)([^")]+)', lambda found: found.group(1) + names[found.group(2)], text)
