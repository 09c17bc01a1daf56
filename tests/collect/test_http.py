"""The layer that owns waiting: how long, how often, and when it stops."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from analyzer.collect import limits
from analyzer.collect.clock import QuickClock, Stopped
from analyzer.collect.http import Answer, Ask, Body, Broken, Capped, GaveUp, Held, Layer, Policy

NOW = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
ASK = Ask("GET", "https://example.org/2/tweets?query=secretterm")
OK = Answer(200, {}, b"{}")


def layer(limit: limits.Limit = limits.X, **policy: float) -> tuple[Layer, QuickClock]:
    clock = QuickClock(NOW)
    return Layer("x", limit=limit, clock=clock, policy=Policy(**policy), seed=3), clock  # type: ignore[arg-type]


def run(made: Layer, *answers: Answer | Exception) -> Answer:
    left = list(answers)

    def send() -> Answer:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = made.run(ASK, send)
    assert not left
    return found


def test_backoff_grows_with_jitter_and_a_cap() -> None:
    made, clock = layer(tries=12, backoff_s=60.0)
    run(made, *[Broken("ConnectTimeout")] * 11, OK)
    assert len(clock.slept) == 11
    for n, seconds in enumerate(clock.slept):
        longest = min(60, 2**n)
        assert max(1.0, longest / 2) <= seconds <= max(1.0, longest)
    assert len({round(s, 3) for s in clock.slept[6:]}) == 5, "the waits at the cap differ"


def test_server_directed_wait_is_obeyed_and_a_past_reset_is_one_second() -> None:
    made, clock = layer()
    soon, past = int(NOW.timestamp()) + 100, int(NOW.timestamp()) - 100
    run(made, Answer(429, {"x-rate-limit-reset": str(soon)}, b"{}"), OK)
    assert clock.slept[0] == pytest.approx(100.5, abs=0.1)
    run(made, Answer(429, {"x-rate-limit-reset": str(past)}, b"{}"), OK)
    assert clock.slept[1] == 1.0


def test_window_that_is_used_up_is_waited_for_before_the_next_request() -> None:
    made, clock = layer(limits.REDDIT)
    run(made, Answer(200, {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "240"}, b"{}"))
    assert clock.slept == []
    run(made, OK)
    assert clock.slept[0] == pytest.approx(240.5, abs=0.1)
    assert made.waited_s == clock.slept[0]


def test_a_wait_that_is_too_long_stops() -> None:
    made, clock = layer(longest_s=900)
    with pytest.raises(Held, match="longer than the 900 s"):
        run(made, Answer(429, {"retry-after": "3600"}, b"{}"))
    assert clock.slept == []


@pytest.mark.parametrize("answer", [Answer(402, {}, b""), Answer(429, {}, b'{"title": "UsageCapExceeded"}')])
def test_payment_and_usage_caps_are_final(answer: Answer) -> None:
    made, clock = layer()
    with pytest.raises(Capped, match="cap"):
        run(made, answer)
    assert clock.slept == [] and made.n_requests == 1


def test_gives_up_after_as_many_tries_as_allowed_and_says_how_to_go_on() -> None:
    made, clock = layer(tries=4)
    with pytest.raises(GaveUp, match="4 attempts failed, the last with HTTP 503") as info:
        run(made, *[Answer(503, {}, b"<html>")] * 4)
    assert len(clock.slept) == 3
    assert "run the same command again" in str(info.value) and "secretterm" not in str(info.value)


def test_refusals_are_handed_on_at_once() -> None:
    made, clock = layer()
    assert run(made, Answer(403, {}, b"")).status == 403
    assert clock.slept == []


def test_unsound_bodies_are_asked_for_again() -> None:
    made, clock = layer()
    bodies = iter([b"<html>", b"{}"])
    found = made.run(ASK, lambda: Answer(200, {}, next(bodies)), lambda a, b: "" if b.body == b"{}" else "not JSON")
    assert found.body == b"{}" and len(clock.slept) == 1


def test_a_stop_ends_it_before_the_next_request_and_during_a_wait() -> None:
    made, clock = layer()
    clock.stop.set()
    with pytest.raises(Stopped):
        run(made)
    clock.stop.clear()

    def send() -> Answer:
        clock.stop.set()
        return Answer(503, {}, b"")

    with pytest.raises(Stopped):
        made.run(ASK, send)


def test_a_body_has_a_size_and_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    body = Body(Policy(n_bytes=10))
    body.add(b"12345")
    with pytest.raises(Broken, match="over 10 bytes"):
        body.add(b"123456")
    body = Body(Policy(total_s=300))
    body.add(b"1")
    later = time.monotonic() + 301
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(Broken, match="over 300 s"):
        body.add(b"2")
    assert body.whole() == b"1"


def test_same_seed_same_waits() -> None:
    waits = []
    for _ in range(2):
        made, clock = layer()
        run(made, Broken("a"), Broken("b"), Broken("c"), OK)
        waits.append(clock.slept)
    assert waits[0] == waits[1]
