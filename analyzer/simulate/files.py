"""A simulation on disk: study.toml, posts.jsonl, updates.jsonl, truth.json; each written beside and renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.simulate.frames import incidents
from analyzer.simulate.profiles import PROFILES
from analyzer.simulate.truth import iso
from analyzer.study import Study

if TYPE_CHECKING:
    from analyzer.simulate.build import Simulation

_POST_FIELDS = (
    *("post_id", "source", "created_at", "text", "author", "language", "kind", "parent_id"),
    *("n_likes", "n_reposts", "n_replies"),
)


def write(simulation: Simulation, folder: Path) -> Path:
    """Write the four files; posts as a generic export would have them, with ``simulated: true`` in every row."""
    folder.mkdir(parents=True, exist_ok=True)
    study = "# Simulated: every post and every official word of this study is invented.\n" + study_toml(
        simulation.study
    )
    _put(folder / "study.toml", [study.encode()])
    _put(folder / "posts.jsonl", _post_lines(simulation))
    _put(folder / "updates.jsonl", (_line(i) for i in statuspage(simulation)))
    _put(folder / "truth.json", [json.dumps(simulation.truth, indent=1, ensure_ascii=False).encode() + b"\n"])
    return folder


def _put(path: Path, chunks: Iterable[bytes]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.writelines(chunks)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _post_lines(simulation: Simulation, size: int = 20_000) -> Iterator[bytes]:
    import orjson
    import pyarrow as pa
    import pyarrow.compute as pc

    posts = simulation.posts[list(_POST_FIELDS)]
    for start in range(0, len(posts), size):
        table = pa.Table.from_pandas(posts.iloc[start : start + size], preserve_index=False)
        times = pc.strftime(pc.cast(table["created_at"], pa.timestamp("ms", tz="UTC")), format="%Y-%m-%dT%H:%M:%SZ")
        table = table.set_column(table.schema.get_field_index("created_at"), "created_at", times)
        for row in table.to_pylist():
            yield orjson.dumps({k: v for k, v in row.items() if v is not None} | {"simulated": True}) + b"\n"


def statuspage(simulation: Simulation) -> list[dict[str, Any]]:
    """Return the official words as Statuspage gives incidents: oldest incident first, updates in order of posting."""
    scenario = simulation.scenario
    profile = PROFILES[scenario.profile]
    bodies = dict(zip(simulation.updates["update_id"], simulation.updates["body"], strict=True))
    found = []
    for incident, words in incidents(scenario):
        first, last = words[0][1], words[-1][1]
        found.append(
            {
                "simulated": True,
                "provider": profile.provider,
                "id": incident,
                "name": f"[simulated] Problems with {profile.service}",
                "impact": "major",
                "started_at": iso(scenario, first.posted_min if first.claimed_min is None else first.claimed_min),
                "resolved_at": iso(scenario, last.posted_min if last.claimed_min is None else last.claimed_min)
                if last.stage == "resolved"
                else None,
                "components": list(profile.components),
                "incident_updates": [
                    {
                        "id": str(k + 1),
                        "status": word.stage,
                        "created_at": iso(scenario, word.posted_min),
                        "body": bodies[str(k + 1)],
                    }
                    for k, word in words
                ],
            }
        )
    return found


def study_toml(study: Study) -> str:
    """Return a study as TOML (top-level keys first, tables after)."""
    plain = {k: v for k, v in study.to_dict().items() if v not in (None, "", [], {}, False)}
    reading = {k: plain.pop(k) for k in ("columns", "where", "naive_time_zone", "source") if k in plain}
    tables = {k: plain.pop(k) for k in list(plain) if isinstance(plain[k], dict)}
    lines = [f"{k} = {v if k in ('since', 'until') else _toml(v)}" for k, v in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{json.dumps(k)} = {_toml(v)}" for k, v in table.items())]
    if reading:
        lines += ["", "[import]", *(f"{k} = {_toml(v)}" for k, v in reading.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)
