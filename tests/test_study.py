"""Study: what is read, what is refused, what is selected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from analyzer import schema
from analyzer.errors import StudyError
from analyzer.study import Study

GOOD = """
service = "ChatGPT"
aliases = ["OpenAI"]
terms = ["chatgpt", "gpt-4"]
exclude = ["giveaway"]
since = 2024-06-04T00:00:00+02:00
until = 2024-06-05T00:00:00Z
[import]
columns = { created_at = "time" }
naive_time_zone = "UTC"
[sources.reddit]
subreddits = ["ChatGPT"]
"""


def _posts(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return schema.make(
        schema.POSTS,
        [
            {
                "source": "x",
                "post_id": str(i),
                "created_at": pd.Timestamp(time),
                "text": text,
                "kind": "original",
                "has_link": False,
                "run_id": "r",
                "service": service,
            }
            for i, (time, text, service) in enumerate(rows)
        ],
    )


def test_load_normalises_times_and_freezes_lists(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(GOOD)
    study = Study.load(path)
    assert study.since == dt.datetime(2024, 6, 3, 22, tzinfo=dt.UTC)
    assert study.terms == ("chatgpt", "gpt-4")
    assert study.columns == {"created_at": "time"}
    assert study.sources["reddit"]["subreddits"] == ("ChatGPT",)
    assert study.to_dict()["since"] == "2024-06-03T22:00:00Z"
    assert Study.from_dict(study.to_dict(), path=str(path)) == study
    assert Study.from_dict({"service": "a"}).to_dict()["terms"] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("service = ", "not valid TOML"),
        ("title = 'x'", "`service` is missing"),
        ("service = 'x'\nsince = 2024-06-04", "with a zone"),
        ("service = 'x'\nsince = 2024-06-04T00:00:00", "with a zone"),
        ("service = 'x'\nsince = 2024-06-05T00:00:00Z\nuntil = 2024-06-04T00:00:00Z", "not before"),
        ("service = 'x'\ntyrms = ['a']", "unknown key 'tyrms'"),
        ("service = 'x'\nterms = 'a'", "list of strings"),
        ("service = 'x'\nterms = ['']", "empty string"),
        ("service = 'x'\nbin_minutes = 0", "1 to 1440"),
        ("service = 'x'\nbin_minutes = true", "whole number"),
        ("service = 'x'\ntime_zone = 'Mars/One'", "no IANA zone"),
        ("service = 'x'\n[sources.x]\nbearer_token = 'abc'", "looks like a secret"),
    ],
)
def test_a_bad_study_names_file_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(StudyError, match=message) as caught:
        Study.load(path)
    assert str(path) in str(caught.value)
    assert "abc" not in str(caught.value)


def test_a_missing_study_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="simulate"):
        Study.load(tmp_path / "none.toml")


def test_select_takes_window_terms_and_addressed_service() -> None:
    study = Study.from_dict(
        {
            "service": "ChatGPT",
            "aliases": ["OpenAI"],
            "terms": ["chatgpt", "gpt-4"],
            "exclude": ["giveaway"],
            "since": dt.datetime(2024, 6, 4, tzinfo=dt.UTC),
            "until": dt.datetime(2024, 6, 5, tzinfo=dt.UTC),
        }
    )
    posts = _posts(
        ("2024-06-04T00:00:00Z", "is #ChatGPTdown", None),
        ("2024-06-04T01:00:00Z", "my GPT-4 is slow", None),
        ("2024-06-04T02:00:00Z", "notchatgpt", None),
        ("2024-06-04T03:00:00Z", "it is down", "OPENAI"),
        ("2024-06-04T04:00:00Z", "chatgpt is fine", "Claude"),
        ("2024-06-04T05:00:00Z", "chatgpt giveaway", None),
        ("2024-06-05T00:00:00Z", "chatgpt", None),
        ("2024-06-03T23:59:59Z", "chatgpt", None),
    )
    assert list(study.select(posts)["post_id"]) == ["0", "1", "3"]
    assert len(posts) == 8
    assert list(study.select(posts.iloc[:0])["post_id"]) == []


def test_language_filter_keeps_unknown() -> None:
    study = Study(service="a", languages=("en",))
    posts = _posts(("2024-01-01T00:00:00Z", "a b", None)).assign(language="de")
    assert len(study.select(posts)) == 0
    assert len(study.select(posts.assign(language=None))) == 1
