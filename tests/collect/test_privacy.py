from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.collect.privacy import Masker
from analyzer.study import Study

STUDY = Study(
    service="Acme Phone",
    aliases=("AcmePhone",),
    terms=("acme",),
    competitors=("Bolt",),
    accounts={"x": ("AcmeCares", "@acme_ceo")},
)
mask = Masker(STUDY)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("@jane is it down?", "@user is it down?"),
        ("RT @jane: no signal", "RT @user: no signal"),
        (".@jane, @joe; @AcmeCares", ".@user, @user; @AcmeCares"),
        ("@AcmeUK @AskAcme @acme_help @Acme", "@AcmeUK @AskAcme @acme_help @Acme"),
        ("@acme_fan_jane @acmejane", "@user @user"),
        ("going to @Bolt", "going to @Bolt"),
        ("@jane@mastodon.example hello", "@user hello"),
        ("@acme@mastodon.example hello", "@acme hello"),
        ("mail jane.doe+x@example.co.uk!", "mail @user!"),
        (
            "https://x.com/jane/status/12 and https://twitter.com/Jane",
            "https://x.com/user/status/12 and https://twitter.com/user",
        ),
        (
            "https://x.com/i/status/12 https://x.com/AcmeCares/status/1",
            "https://x.com/i/status/12 https://x.com/AcmeCares/status/1",
        ),
        ("https://bsky.app/profile/jane.example.com/post/1", "https://bsky.app/profile/user/post/1"),
        ("https://mastodon.example/@jane/1", "https://mastodon.example/@user/1"),
        ("ask u/jane-doe or /u/joe", "ask u/user or /u/user"),
        ("https://www.reddit.com/user/jane/", "https://www.reddit.com/user/user/"),
        ("at://did:plc:abc123/app.bsky.feed.post/1", "at://did:user/app.bsky.feed.post/1"),
        ("5 @ 3 @@ @", "5 @ 3 @@ @"),
        ("no names here, menu/one", "no names here, menu/one"),
    ],
)
def test_people_are_masked_and_the_studied_are_kept(text: str, masked: str) -> None:
    assert mask.text(text) == masked
    assert mask.texts(pa.array([text, None, "plain"])).to_pylist() == [masked, None, "plain"]


def test_without_a_study_everybody_is_masked() -> None:
    assert Masker().text("@AcmeCares and @jane") == "@user and @user"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="@abu/.:x com did-_", max_size=60))
def test_masking_a_masked_text_changes_nothing_and_columns_equal_single_texts(text: str) -> None:
    once = mask.text(text)
    assert mask.texts(pa.array([text])).to_pylist() == [once]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.from_regex(r"[a-z][a-z0-9_]{3,12}", fullmatch=True), st.text(max_size=20))
def test_a_mention_never_survives(before: str, name: str, after: str) -> None:
    handle = f"q{name}q"
    masked = mask.text(f"{before} @{handle} {after} https://x.com/{handle}")
    assert f"@{handle}" not in masked
    assert f"x.com/{handle}" not in masked


@pytest.mark.parametrize("piece", ["a", "@", "a@", "u/", "x.com/", "did:plc:", "a.", "@a.", "/", "x.com/@"])
def test_cost_is_linear_in_the_text(piece: str) -> None:
    """A megabyte of the worst is done; a quadratic step would take hours."""
    assert mask.text(piece * (1_000_000 // len(piece)))


def test_many_texts_are_masked_as_each_alone_is() -> None:
    mask = Masker(Study(service="Acme"))
    texts = [f"@jane{i} and bob{i}@example.org ask @AcmeHelp" for i in range(450)]
    texts[7] = "a @jane\0@bob c"
    texts[300:303] = ["@", "@jane", "@bob@example.org"]
    assert mask.texts(pa.array(texts)).to_pylist() == [mask.text(t) for t in texts]
    assert mask.text(texts[300]) == "@" and mask.text(texts[302]) == "@user"
