"""What is looked at: `Study`, read from `study.toml`. Frozen, and it never holds a secret."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analyzer.errors import StudyError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_SECRET = re.compile(r"token|secret|password|api_?key|credential", re.IGNORECASE)


@dataclass(frozen=True)
class Study:
    """One study: a service, the words that find it, and a window.

    Parameters
    ----------
    service
        Name of the service as readers know it, such as ``"ChatGPT"``.
    since, until
        The window ``[since, until)``, aware datetimes (UTC inside); None leaves it open.
    terms
        A post is selected if its text holds one of these at the start of a word, in any case ("chatgpt" finds
        "#ChatGPTdown"). Posts whose source names the service addressed (column `service`) are selected by `aliases`.
    aliases
        Other names of the service, as sources write it.
    exclude
        A post that holds one of these is left out (homonyms).
    languages
        ISO 639-1 codes to keep; empty keeps all.
    competitors
        Names that people may flee to.
    accounts
        Official accounts by platform, ``{"x": ("OpenAI",)}``; their posts belong to the official timeline.
    provider, status_page
        The provider's name in official timelines, and the address of its status page.
    time_zone
        IANA zone for a second time axis.
    bin_minutes
        Width of time bins; None lets the data decide.
    columns, where, naive_time_zone, source
        How to read generic files: ``{our_column: their_column}``, ``{their_column: value or values}`` to keep rows,
        zone of times without one (None makes them an error), and the platform's name to record.
    sources
        Settings by collector, ``{"reddit": {"subreddits": ("ChatGPT",), "base_url": …}}``.
    """

    service: str
    title: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    terms: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    status_page: str = ""
    time_zone: str = "UTC"
    bin_minutes: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    naive_time_zone: str | None = None
    source: str | None = None
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    simulated: bool = False
    path: str = ""

    def __post_init__(self) -> None:
        where = f"{self.path}: " if self.path else ""
        if not self.service:
            raise StudyError(f"{where}`service` is missing; give the name of the service, such as service = 'ChatGPT'")
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, str):
                with contextlib.suppress(ValueError):
                    value = dt.datetime.fromisoformat(value)
            if not isinstance(value, dt.datetime) or value.tzinfo is None:
                raise StudyError(
                    f"{where}`{name}` must be a date and time with a zone, such as {name} = 2024-06-04T00:00:00Z"
                )
            object.__setattr__(self, name, value.astimezone(dt.UTC))
        if self.since and self.until and self.since >= self.until:
            raise StudyError(f"{where}`since` ({self.since}) is not before `until` ({self.until})")
        if self.bin_minutes is not None and not 1 <= self.bin_minutes <= 1440:
            raise StudyError(f"{where}`bin_minutes` is {self.bin_minutes}; give 1 to 1440")
        for name in ("time_zone", "naive_time_zone"):
            if zone := getattr(self, name):
                try:
                    ZoneInfo(zone)
                except (ZoneInfoNotFoundError, ValueError) as error:
                    raise StudyError(f"{where}`{name}` {zone!r} is no IANA zone, such as 'Europe/London'") from error

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read a study from a TOML file.

        Raises
        ------
        StudyError
            Naming the file and the key, with the remedy.
        """
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StudyError(
                f"{path}: no such study file; `outage-analyzer simulate -o DIR` writes an example"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: cannot be read: {error}") from error
        except tomllib.TOMLDecodeError as error:
            raise StudyError(f"{path}: not valid TOML: {error}") from error
        return cls.from_dict(data, path=str(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, path: str = "") -> Study:
        """Build a study from parsed TOML; `[import]` holds columns, where, naive_time_zone and source."""
        flat = dict(data)
        reading = flat.pop("import", {})
        if not isinstance(reading, Mapping):
            raise StudyError(f"{path}: `import` must be a table, [import]")
        flat.update(reading)
        _refuse_secrets(flat, path)
        known = {f.name: f for f in fields(cls) if f.name != "path"}
        for key, value in [(k, v) for k, v in flat.items() if v is not None]:
            if key not in known:
                raise StudyError(f"{path}: unknown key {key!r}; known keys are {', '.join(sorted(known))}")
            flat[key] = _freeze(value, key, str(known[key].type), path)
        return cls(**{"service": "", **flat}, path=path)

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain data for a manifest (ISO 8601 times, no path); `from_dict` reads it back."""

        def plain(value: Any) -> Any:
            if isinstance(value, dt.datetime):
                return value.isoformat().replace("+00:00", "Z")
            if isinstance(value, Mapping):
                return {k: plain(v) for k, v in value.items()}
            return [plain(v) for v in value] if isinstance(value, tuple) else value

        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != "path"}

    @property
    def names(self) -> tuple[str, ...]:
        """The service and its aliases, in lower case."""
        return tuple(dict.fromkeys(n.casefold() for n in (self.service, *self.aliases)))

    def pattern(self) -> str:
        """Return the RE2 pattern that a selected text must match; empty when any text will do."""
        terms = self.terms or (self.service, *self.aliases)
        return r"(?i)(^|[^\pL\pN])(" + "|".join(re.escape(t) for t in terms) + ")"

    def select(self, posts: pd.DataFrame) -> pd.DataFrame:
        """Return the posts that belong to the study, see `belongs`, numbered anew."""
        return posts[self.belongs(posts)].reset_index(drop=True)

    def belongs(self, posts: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which posts belong to the study: in the window, about the service, in a kept language.

        Parameters
        ----------
        posts
            A POSTS table.

        Notes
        -----
        Posts written by an official account are not in POSTS (they are updates), so none need leaving out here.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        text = pa.array(posts["text"], type=pa.string(), from_pandas=True)
        service = pc.utf8_lower(pa.array(posts["service"], type=pa.string(), from_pandas=True))
        keep = pc.if_else(
            pc.is_null(service),
            pc.match_substring_regex(text, self.pattern()),
            pc.is_in(service, value_set=pa.array(self.names)),
        )
        if self.exclude:
            pattern = r"(?i)(^|[^\pL\pN])(" + "|".join(re.escape(t) for t in self.exclude) + ")"
            keep = pc.and_(keep, pc.invert(pc.match_substring_regex(text, pattern)))
        time = pa.array(posts["created_at"], type=pa.timestamp("us", tz="UTC"), from_pandas=True)
        if self.since:
            keep = pc.and_(keep, pc.greater_equal(time, pa.scalar(self.since, type=time.type)))
        if self.until:
            keep = pc.and_(keep, pc.less(time, pa.scalar(self.until, type=time.type)))
        if self.languages:
            language = pc.fill_null(pa.array(posts["language"], type=pa.string(), from_pandas=True), "")
            known = pc.is_in(language, value_set=pa.array([*self.languages, "", "und"]))
            keep = pc.and_(keep, known)
        return np.asarray(keep.to_numpy(zero_copy_only=False), dtype=bool)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(str(v))}</td></tr>"
            for k, v in self.to_dict().items()
            if v
        )
        return f"<table>{rows}</table>"


def _refuse_secrets(value: Any, path: str, trail: str = "") -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if _SECRET.search(str(key)):
                raise StudyError(
                    f"{path}: `{trail}{key}` looks like a secret; a study never holds one. "
                    "Put it in the environment (see `outage-analyzer sources`)"
                )
            _refuse_secrets(inner, path, f"{trail}{key}.")


def _freeze(value: Any, key: str, declared: str, path: str) -> Any:
    """Turn lists into tuples and check the rough kind of a value."""
    if declared.startswith("tuple"):
        if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise StudyError(f"{path}: `{key}` must be a list of strings, such as {key} = ['a', 'b']")
        if not all(v.strip() for v in value):
            raise StudyError(f"{path}: `{key}` holds an empty string")
        return tuple(value)
    if declared.startswith("Mapping"):
        if not isinstance(value, Mapping):
            raise StudyError(f"{path}: `{key}` must be a table, [{key}]")
        return {k: _tuples(v) for k, v in value.items()}
    if declared.startswith("str") and not isinstance(value, str):
        raise StudyError(f"{path}: `{key}` must be a string")
    if declared.startswith("int") and (isinstance(value, bool) or not isinstance(value, int)):
        raise StudyError(f"{path}: `{key}` must be a whole number")
    if declared == "bool" and not isinstance(value, bool):
        raise StudyError(f"{path}: `{key}` must be true or false")
    return value


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _tuples(v) for k, v in value.items()}
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
