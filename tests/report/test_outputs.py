"""One document, four outputs: the same digits in each, nothing of others' texts acts, suppressed stays suppressed."""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import AnalyzerError, UsageError
from analyzer.report import json_, render
from analyzer.report.build import build
from analyzer.report.document import Bullets, Chart, Number, Numbers, Paragraph, Table
from analyzer.report.json_ import NAMES, to_dict
from analyzer.schema import SHARES, TABLES, make
from tests.report.make_timeline import KINDS, make_nothing, make_timeline

SCHEMA = Path(json_.__file__).parent / "templates" / "report.schema.json"


def plain(value: str) -> str:
    """Return text with all white space alike, direction isolates left out."""
    return " ".join(re.sub("[\u2066-\u2069]", "", value).replace("\u00a0", " ").replace("\u202f", " ").split())


def of_html(source: str) -> str:
    source = re.sub(r'<span class="nb">([^<]*)</span>', r"\1", source)
    body = re.sub(r"(?s)<(style|script)\b.*?</\1>|<svg.*?</svg>", " ", source)
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", body)))


def of_markdown(source: str) -> str:
    return plain(html.unescape(re.sub(r"\\([\\`*_\[\]#|<>~$!{}:.=+-])", r"\1", source)))


def of_pdf(path: Path) -> str:
    try:
        out = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    return plain(out)


def strings(document: Any) -> list[str]:
    """Return every number and sentence that all outputs must print."""
    out = [document.title]
    for element in document.elements:
        if isinstance(element, Paragraph):
            out.append(element.text)
        elif isinstance(element, Bullets):
            out += [p.text for p in element.items]
        elif isinstance(element, Numbers):
            out += [x for n in element.items for x in (n.label, n.value, n.interval, n.note) if x]
        elif isinstance(element, Chart):
            out.append(element.title)
        elif isinstance(element, Table) and element.name not in ("manifest", "updates", "keywords"):
            out += [cell for row in element.rows for cell in row if cell]
    return [plain(s) for s in out]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "kind", ["normal", pytest.param("huge", marks=SLOW), pytest.param("none", marks=SLOW), "short"]
)
def test_four_outputs_print_the_same_digits(reports: Any, kind: str) -> None:
    wanted = strings(build(reports.timeline(kind)))
    assert len(wanted) > 50
    page, mark = of_html(reports.text(kind)), of_markdown(reports.text(kind, ".md"))
    data = plain(json.dumps(json.loads(reports.text(kind, ".json")), ensure_ascii=False))
    data = data.replace('\\"', '"')
    pdf = of_pdf(reports.path(kind, ".pdf")).replace(" ", "")
    for text in wanted:
        assert text in page, f"not in the HTML: {text}"
        assert text in mark, f"not in the Markdown: {text}"
        assert text.replace(" ", "") in pdf, f"not in the PDF: {text}"
    numbers = [n for n in build(reports.timeline(kind)).of(Numbers)[0].items]
    for n in numbers:
        assert plain(n.value) in data and plain(n.interval) in data


def test_raw_and_printed_numbers_agree(reports: Any) -> None:
    data = json.loads(reports.text("normal", ".json"))
    by_key = {n["key"]: n for n in data["numbers"]}
    assert len(data["numbers"]) == 8
    assert by_key["lag"]["value"] == 34 * 60 and plain(by_key["lag"]["printed"]) == "34 min"
    assert by_key["onset"]["value"] == data["incidents"][0]["onset"] == "2024-06-04T07:12:00Z"
    share = next(r for r in data["tables"]["shares"] if r["scope"] == "incident" and r["measure"] == "frustration_ge2")
    assert by_key["frustration_ge2"]["value"] == share["estimate"]
    assert by_key["frustration_ge2"]["printed"] == f"{share['estimate'] * 100:.0f}%"
    assert by_key["duration"]["value"] == 352 * 60
    assert by_key["duration"]["low"] == (352 - 22 - 6) * 60 and by_key["duration"]["high"] == (352 + 41 + 4) * 60


@pytest.mark.parametrize("kind", KINDS)
def test_json_follows_its_published_schema(kind: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(to_dict(make_timeline(kind)), allow_nan=False))
    jsonschema.Draft202012Validator(schema).validate(data)
    data["incidents"] = [{"onset": "yesterday"}]
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(data)), "the schema refuses what is wrong"


def test_published_schema_names_every_declared_column() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    properties = {**schema["properties"]["tables"]["properties"], "incidents": schema["properties"]["incidents"]}
    for table in TABLES:
        if table.name in NAMES:
            assert properties[table.name]["items"]["required"] == table.names


def test_json_rows_survive_the_way_back(reports: Any) -> None:
    from analyzer.report.json_ import load, to_timeline

    again = to_timeline(load(reports.path("normal", ".json")))
    before, after = to_dict(reports.timeline("normal")), to_dict(again)
    assert after["tables"] == before["tables"] and after["incidents"] == before["incidents"]
    assert after["numbers"] == before["numbers"] and after["printed"] == before["printed"]


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
def test_hostile_text_is_inert(reports: Any, suffix: str) -> None:
    source = reports.text("markup", suffix)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", source)
    assert max(map(len, source.split())) < 60_000
    if suffix == ".html":
        assert "<script>alert" not in source and "<img" not in source and "<b>down" not in source
        assert source.count("<script>") == 1
    if suffix == ".md":
        assert not re.search(r"(?<!\\)<(img|script|b>)", source) and not re.search(r"(?<!\\)\]\(javascript", source)
        assert "\\*em\\*" in source and "`c`" not in source.replace("\\`", "")


@SLOW
def test_hostile_text_is_set_letter_for_letter_in_pdf(reports: Any) -> None:
    text = of_pdf(reports.path("markup", ".pdf"))
    assert "<script>alert(1)</script> & =Co|*x*" in text and "#let x = 1" in text
    raw = reports.path("markup", ".pdf").read_bytes()
    assert b"/JavaScript" not in raw and b"/Launch" not in raw and b"/URI" not in raw


def test_pdf_is_tagged_titled_and_has_bookmarks(reports: Any) -> None:
    raw = reports.path("normal", ".pdf").read_bytes()
    assert raw.startswith(b"%PDF-") and b"/MarkInfo" in raw and b"/Outlines" in raw and b"/Lang" in raw
    assert b"pdfuaid" in raw, "the file claims PDF/UA"


def test_pdf_says_what_is_missing_where_typst_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match=r"extra \[pdf\]"):
        render(make_timeline("short"), [tmp_path / "x.pdf"])
    assert list(tmp_path.iterdir()) == []


def test_posts_appear_only_by_request(tmp_path: Path) -> None:
    secret = "a sentence that only its writer should own"
    timeline = replace(make_timeline("short"), exemplars=({"text": secret, "source": "x", "measure": "humor"},))
    outputs = [tmp_path / f"r{s}" for s in (".html", ".md", ".json")]
    render(timeline, outputs)
    assert all(secret not in p.read_text("utf-8") for p in outputs)
    render(timeline, outputs[:2], allow_verbatim=True)
    assert all(secret in p.read_text("utf-8") for p in outputs[:2])


def test_suppressed_cells_say_so_and_hide_their_numbers(tmp_path: Path) -> None:
    base = make_timeline("short")
    row = {"scope": "incident", "group": "all", "measure": "frustration_ge2", "n": 4, "n_positive": 3}
    row |= {"naive": 0.7512, "naive_low": 0.3012, "naive_high": 0.9512, "method": "suppressed", "suppressed": True}
    render(replace(base, shares=make(SHARES, [row])), [tmp_path / "r.html", tmp_path / "r.md", tmp_path / "r.json"])
    for name in ("r.html", "r.md", "r.json"):
        source = (tmp_path / name).read_text("utf-8")
        assert "suppressed" in source or "fewer than 5 people" in source
        assert "75% (" not in source and "0.7512" not in source and "30–95" not in source


def test_outputs_are_whole_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write \.docx"):
        render(make_timeline("short"), [tmp_path / "a.html", tmp_path / "b.docx"])
    assert list(tmp_path.iterdir()) == [], "nothing is written where one output is impossible"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AnalyzerError, match="cannot be written"):
        render(make_timeline("short"), [tmp_path / "file" / "a.json"])


def test_same_timeline_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        render(make_timeline("short"), [tmp_path / name / f"r{s}" for s in (".html", ".md", ".json")])
    for suffix in (".html", ".md", ".json"):
        assert (tmp_path / "a" / f"r{suffix}").read_bytes() == (tmp_path / "b" / f"r{suffix}").read_bytes()


def test_outputs_share_their_drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.report import svg

    made: list[tuple[float, float]] = []
    draw = svg.draw

    def counted(plot: Any, size: tuple[float, float], **more: Any) -> Any:
        made.append(size)
        return draw(plot, size, **more)

    monkeypatch.setattr(svg, "draw", counted)
    timeline = make_timeline("short")
    render(timeline, [tmp_path / f"r{s}" for s in (".html", ".md", ".pdf", ".json")])
    assert len(made) == 2 * len(build(timeline).of(Chart)), "each chart once at each of its two widths"
    picture = next((tmp_path / "r_files").glob("*.svg")).read_text("utf-8")
    assert picture.count("<svg") == 1 and 'fill="#ffffff"' in picture, "a picture of its own has a ground of its own"


def test_html_stays_small(reports: Any) -> None:
    assert reports.path("normal").stat().st_size < 2_000_000


def test_own_template_title_and_language(tmp_path: Path) -> None:
    own = tmp_path / "mine.html.j2"
    own.write_text(
        "<p>{{ doc.title }}</p>{% for n in doc.elements if kind(n) == 'Numbers' %}{{ n.items|length }}{% endfor %}"
    )
    render(make_timeline("short"), [tmp_path / "r.html"], template=own, title="A & <B>")
    assert (tmp_path / "r.html").read_text("utf-8").strip() == "<p>A &amp; &lt;B&gt;</p>8"
    own.write_text("{{ nothing_there }}")
    with pytest.raises(UsageError, match=r"mine\.html\.j2"):
        render(make_timeline("short"), [tmp_path / "r.html"], template=own)
    own.rename(tmp_path / "report.md.j2").write_text("# {{ md(doc.title) }}")
    render(make_timeline("short"), [tmp_path / "r.html", tmp_path / "r.md"], template=tmp_path, title="*x*")
    assert (tmp_path / "r.md").read_text("utf-8") == "# \\*x\\*\n"
    assert "What this cannot tell you" in (tmp_path / "r.html").read_text("utf-8"), "what the folder lacks is ours"
    render(make_timeline("huge"), [tmp_path / "r.json"], lang="de")
    data = json.loads((tmp_path / "r.json").read_text("utf-8"))
    peak = next(n for n in data["numbers"] if n["key"] == "peak")
    assert peak["printed"] == f"{peak['value']:,}".replace(",", ".")


def test_markdown_pictures_stand_beside(reports: Any) -> None:
    source = reports.text("normal", ".md")
    pictures = re.findall(r"!\[[^\]]*(?:\\\][^\]]*)*\]\(([^)]+)\)", source)
    assert len(pictures) == 14
    for name in pictures:
        svg = (reports.folder / name).read_text("utf-8")
        assert svg.startswith("<?xml") and "<text" in svg, "text in pictures stays text"


def test_every_number_has_a_reason_or_a_value() -> None:
    for kind in KINDS:
        numbers = build(make_timeline(kind)).of(Numbers)[0].items
        assert len(numbers) == 8 and all(isinstance(n, Number) for n in numbers)
        for n in numbers:
            assert (n.value == "unavailable") == (n.raw is None)
            assert n.value != "unavailable" or n.note, f"{kind}: {n.key} gives no reason"


@pytest.mark.parametrize("n_posts", [0, 1])
def test_no_post_and_one_post_make_a_report_that_claims_nothing(tmp_path: Path, n_posts: int) -> None:
    outputs = [tmp_path / f"r{s}" for s in (".html", ".md", ".json", ".pdf")]
    render(make_nothing(n_posts), outputs)
    data = json.loads(outputs[2].read_text("utf-8"))
    assert data["verdict"] == "not enough data" and data["incidents"] == []
    known = {n["key"]: n["value"] for n in data["numbers"] if n["value"] is not None}
    assert known == {"posts": n_posts}
    text = of_markdown(outputs[1].read_text("utf-8"))
    assert "usual range" not in text and f"Only {n_posts} post" in text
