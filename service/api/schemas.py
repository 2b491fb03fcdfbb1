"""The wire format of requests and answers, for checking and for the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from service.text import MAX_TITLE_CHARS, clean, title_problem
from service.types import DateSource, Topic

BandName = Literal["top", "major", "notable"]
MAX_SCORED = 256
MAX_EXPLAINED = 16


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:iscore:problem:bad-input"])
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = Field(None, description="Field and reason of each fault.")


class WordView(BaseModel):
    """A word and the points that it adds."""

    word: str
    start: int = Field(description="First character in the title; end is the one behind the last.")
    end: int
    points: float


class WhyView(BaseModel):
    """Points per word: base plus all points is `i_score_raw`."""

    base: float = Field(description="Score of a title without words.")
    words: list[WordView]


class Score(BaseModel):
    """A score, how it looks and how sure it is."""

    i_score: int = Field(ge=0, le=100, examples=[85])
    i_score_raw: float = Field(ge=0, le=100, examples=[85.21])
    band: BandName
    colour: str = Field(examples=["green"])
    symbol: str = Field(examples=["🟢"])
    interval: list[int] | None = Field(
        description="Where 90 % of ratings of such headlines lie; null for scores of versions that did not say.",
        examples=[[78, 91]],
    )
    percentile: float | None = Field(description="How many percent of headlines score lower.", examples=[99.1])
    low_confidence: str | None = Field(description="Why the score means little; null when nothing speaks against it.")


class HeadlineView(BaseModel):
    """A kept headline."""

    id: str = Field(examples=["3f9c1e0a7b5d2468"])
    title: str
    url: str
    source: str
    published_at: str = Field(description="RFC 3339, UTC.", examples=["2026-01-31T09:30:00Z"])
    date_source: DateSource = Field(
        description="`fetched`: nobody said when it was published; it is when it was first seen."
    )
    topic: Topic | None = Field(description="What the publisher says it is about, else what the model says.")
    language: str | None = Field(description="BCP 47 tag, as given or detected.", examples=["en"])


class StoryView(BaseModel):
    """The story that a row stands for."""

    id: str
    outlets: int = Field(description="Publishers that tell it in words of their own.")
    headlines: int


class Item(HeadlineView, Score):
    """A row of the list."""

    rank: int = Field(ge=1)
    previous_rank: int | None = Field(
        description="Where it stood a sixth of the window before (ten minutes for an hour); null: not listed then."
    )
    story: StoryView
    pinned: bool = Field(description="Whether an editor pinned it: pinned rows come first.")
    adjusted: Literal["pin", "boost"] | None = Field(
        description="What an editor did to its place; its score is the model's all the same."
    )


class Links(BaseModel):
    """Addresses as seen from the host's root."""

    self: str
    next: str | None


class TopList(BaseModel):
    """The ranked list."""

    title: str = Field(examples=["Top News in the Last Hour By Importance Score"])
    window: str = Field(examples=["1h"])
    as_of: str = Field(description="When this list was made; RFC 3339, UTC.")
    list_version: str = Field(description="Changes exactly when what is listed changes.")
    model: str
    total: int = Field(description="Rows on all pages.")
    unscored: int = Field(description="Headlines in the window that wait for their score.")
    degraded: bool = Field(description="Whether any do.")
    items: list[Item]
    links: Links


class FormerView(BaseModel):
    """What a headline was before a change."""

    until: str = Field(description="When it changed; RFC 3339, UTC.")
    title: str
    source: str
    published_at: str
    topic: Topic | None
    story: str
    scores: dict[str, float] = Field(description="Raw score by model version.")


class RankView(BaseModel):
    """Where a headline stood in the list of the last hour."""

    at: str = Field(description="RFC 3339, UTC.")
    rank: int | None = Field(description="Null: not among the first hundred rows.")


class HeadlineAnswer(HeadlineView):
    """A kept headline with its score under the current model and the raw scores under all."""

    first_seen_at: str
    story: str
    history: list[FormerView] = Field(description="What it was before its changes, oldest first.")
    ranks: list[RankView] = Field(description="Every ten minutes of the hour in which it was new.")
    score: Score | None = Field(description="None until the current model has scored it.")
    model: str
    scores: dict[str, float] = Field(description="Raw score by model version.")
    why: WhyView | None = Field(None, description="Only with explain=true.")


class StoryMember(HeadlineView):
    """A headline that tells a story."""

    score: Score | None = Field(description="None until the current model has scored it.")


class StoryAnswer(BaseModel):
    """A story with all its headlines, best first."""

    id: str
    model: str
    outlets: int = Field(description="Publishers that tell it in words of their own.")
    items: list[StoryMember]


class StoriesToMerge(BaseModel):
    """Stories that are the one in the address."""

    model_config = ConfigDict(extra="forbid")
    stories: list[str] = Field(min_length=1, max_length=100)


class HeadlinesToSplit(BaseModel):
    """Headlines that are not of the story in the address."""

    model_config = ConfigDict(extra="forbid")
    headlines: list[str] = Field(min_length=1, max_length=1000)


class TitleToScore(BaseModel):
    """A headline to score."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)

    @field_validator("title")
    @classmethod
    def _scorable(cls, title: str) -> str:
        title = clean(title)
        if problem := title_problem(title):
            raise ValueError(problem)
        return title


_TITLE = {"type": "string", "minLength": 1, "maxLength": MAX_TITLE_CHARS}
_TITLE_OR_OBJECT = WithJsonSchema(
    {
        "anyOf": [
            _TITLE,
            {"type": "object", "properties": {"title": _TITLE}, "required": ["title"], "additionalProperties": False},
        ]
    },
    mode="validation",
)


class ScoreRequest(BaseModel):
    """Headlines to score; nothing is kept of them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"headlines": ["Volcano erupts near capital, 40,000 flee"]}]}
    )
    headlines: Annotated[list[Annotated[TitleToScore, _TITLE_OR_OBJECT]], Field(min_length=1, max_length=MAX_SCORED)]
    explain: bool = Field(
        False, strict=True, description=f"Give points per word; for at most {MAX_EXPLAINED} headlines."
    )

    @field_validator("headlines", mode="before")
    @classmethod
    def _bare_titles(cls, headlines: Any) -> Any:
        if not isinstance(headlines, list):
            return headlines
        return [{"title": one} if isinstance(one, str) else one for one in headlines]

    @field_validator("explain")
    @classmethod
    def _explainable(cls, explain: bool, info: ValidationInfo) -> bool:
        if explain and len(info.data.get("headlines", ())) > MAX_EXPLAINED:
            raise ValueError(f"points per word cost some 100 scores a headline: ask for at most {MAX_EXPLAINED}")
        return explain


class ScoredTitle(Score):
    """A scored title."""

    id: str
    title: str
    topic: Topic
    language: str | None = Field(description="BCP 47 tag, detected.", examples=["en"])
    why: WhyView | None = Field(None, description="Only with explain.")


class ScoreAnswer(BaseModel):
    """Scores in input order."""

    model: str
    items: list[ScoredTitle]


class IngestItem(BaseModel):
    """A headline to keep."""

    title: str
    url: str
    source: str | None = Field(None, description="Default: the address's host name.")
    published_at: str | None = Field(None, description="RFC 3339 with a zone; default and at most: now.")
    language: str | None = Field(None, description="BCP 47 tag; default: detected.")
    topic: str | None = None


class OutcomeView(BaseModel):
    """What became of one headline."""

    id: str | None
    result: Literal["created", "updated", "duplicate", "rejected"]
    reason: str | None = None


class IngestAnswer(BaseModel):
    """Outcomes in input order."""

    items: list[OutcomeView]
    counts: dict[str, int]


class Health(BaseModel):
    """Whether the service is well."""

    status: Literal["ok", "draining"]
    model: str
