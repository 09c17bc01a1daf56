"""The declared tables: built, checked, refused."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer import schema
from analyzer.errors import SchemaError

ROW = {
    "source": "x",
    "post_id": "1",
    "created_at": pd.Timestamp("2024-01-01", tz="UTC"),
    "text": "down",
    "kind": "original",
    "has_link": False,
    "run_id": "r",
}


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda t: t.name)
def test_every_table_is_documented_and_checks_when_empty(table: schema.Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert all(c.meaning for c in table.columns)
    assert list(schema.check(schema.empty(table), table).columns) == table.names


def test_check_orders_drops_and_keeps_null() -> None:
    frame = schema.make(schema.POSTS, [ROW]).assign(extra=1)
    checked = schema.check(frame[["extra", *reversed(schema.POSTS.names)]], schema.POSTS)
    assert list(checked.columns) == schema.POSTS.names
    assert checked["n_likes"].isna().all()


def test_check_refuses_with_the_column_named() -> None:
    good = schema.make(schema.POSTS, [ROW])
    with pytest.raises(SchemaError, match="lacks column 'text'"):
        schema.check(good.drop(columns="text"), schema.POSTS)
    with pytest.raises(SchemaError, match="'kind' holds nulls"):
        schema.check(good.assign(kind=None), schema.POSTS)
    with pytest.raises(SchemaError, match="no zone"):
        schema.check(good.assign(created_at=pd.to_datetime(["2024-01-01"])), schema.POSTS)
    with pytest.raises(SchemaError, match="posts"):
        schema.check(good.assign(n_likes="many"), schema.POSTS)
    with pytest.raises(SchemaError, match="unknown column 'likes'"):
        schema.make(schema.POSTS, [{**ROW, "likes": 1}])


def test_other_zones_become_utc() -> None:
    good = schema.make(schema.POSTS, [ROW])
    local = good.assign(created_at=pd.to_datetime(["2024-01-01T02:00:00+02:00"]))
    assert schema.check(local, schema.POSTS)["created_at"].iloc[0] == pd.Timestamp("2024-01-01T00:00Z")
