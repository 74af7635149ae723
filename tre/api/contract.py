"""What do requests and answers of the API look like? Types that check both and write OpenAPI.

Numbers that must stay exact are strings of decimal digits; budgets are integers of 1e-9 rho.
Unknown members are refused. Nothing here ever holds a value that depends on data: those are in
the files of a release, which leave exactly as they were approved.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

RHO_LIMIT = 10**15
MOST_PLANNED = 12  # questions of a plan
SQL_LIMIT = 20_000
PURPOSE_LIMIT = 2_000
PLACE_LIMIT = 2**31 - 1

IDENTIFIER = r"^[0-9a-f]{24}$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
CURSOR = r"^[A-Za-z0-9_-]{1,200}$"
URL = r"^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[1-9][0-9]{0,3}|:[1-5][0-9]{4})?(/[!-~]*)?$"
KEY = r"^[A-Za-z0-9._:-]{1,200}$"

Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
Name = Annotated[str, StringConstraints(pattern=NAME)]


def _a_number(value: object) -> object:
    """JSON knows no difference between 5 and 5.0; a text or a truth value is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Input should be a valid integer")  # noqa: TRY004 - pydantic's own word
    return value


Rho = Annotated[int, Field(ge=0, le=RHO_LIMIT), BeforeValidator(_a_number)]

HalfWidth = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?$", strict=True)]

Sql = Annotated[
    str, StringConstraints(min_length=1, max_length=SQL_LIMIT, pattern=r"^[^\x00]*$", strict=True)
]
Purpose = Annotated[
    str,
    StringConstraints(max_length=PURPOSE_LIMIT, pattern=r"^[^\s\x00-\x1f][^\x00]*$", strict=True),
]


Words = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=2000, pattern=r"^[^\s\x00-\x1f][^\x00]*$", strict=True
    ),
]
Title = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[^\s\x00-\x1f][^\x00-\x1f]*$", strict=True)
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Paging(Strict):
    """Which page of a list."""

    cursor: Annotated[str, StringConstraints(pattern=CURSOR)] | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ReleaseSearch(Paging):
    """Which releases to list: all that are given have to fit."""

    dataset: Name | None = None
    project: Name | None = Field(default=None, description="Its id or its slug.")
    words: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Anywhere in the question, in capitals or not."
    )
    series: Identifier | None = Field(
        default=None, description="Releases of one question, whatever data it was asked of."
    )


class ChangeSearch(Strict):
    """Where to go on."""

    cursor: Annotated[str, StringConstraints(pattern=CURSOR)] | None = Field(
        default=None, description="From the answer before; the beginning if absent."
    )
    limit: int = Field(default=50, ge=1, le=200)


class LeafInLog(Strict):
    leaf: int = Field(ge=0, le=PLACE_LIMIT, description="Counted from 0.")
    size: int | None = Field(
        default=None, ge=1, le=PLACE_LIMIT, description="Of the newest checkpoint if absent."
    )


class TwoSizes(Strict):
    before: int = Field(ge=1, le=PLACE_LIMIT)
    size: int | None = Field(
        default=None, ge=1, le=PLACE_LIMIT, description="Of the newest checkpoint if absent."
    )


class InclusionAnswer(Strict):
    """Hashes are SHA-256, in hexadecimal."""

    leaf: int
    size: int
    hash: str
    proof: list[str]


class ConsistencyAnswer(Strict):
    """Hashes are SHA-256, in hexadecimal."""

    before: int
    size: int
    proof: list[str]


class Keys(BaseModel):
    """The headers of a submission."""

    idempotency_key: Annotated[str, StringConstraints(pattern=KEY)] | None = None


class Question(Strict):
    """A question to one dataset: restricted SQL as a text, or the JSON form as an object."""

    dataset: Name
    query: Sql | dict[str, Any]
    rho_nano: Rho | None = Field(
        default=None,
        description="What to spend, in 1e-9 rho; the policy's usual cost if absent. At 0 the "
        "answer is worked out from a released noisy table, of the project or public.",
    )
    track: Literal["dp", "sdc"] | None = Field(
        default=None, description="Noisy or exact, where the dataset opens both; else absent."
    )


class PricedQuestion(Question):
    """A question of which the price is wanted: at a cost, or for an exactness."""

    half_width: HalfWidth | None = Field(
        default=None,
        description="Answers at the least cost at which the first column that has a half-width for "
        "all cells is told so exactly, instead of at rho_nano.",
    )


class Wanted(Strict):
    """Several tables of one dataset, all as exact as each other."""

    dataset: Name
    queries: list[Sql | dict[str, Any]] = Field(min_length=1, max_length=MOST_PLANNED)
    half_width: HalfWidth = Field(
        description="Of each question's first column that has a half-width for all cells."
    )
    track: Literal["dp", "sdc"] | None = Field(
        default=None, description="Noisy or exact, where the dataset opens both; else absent."
    )


class AskedQuestion(Question):
    """A question with the purpose that goes on record."""

    purpose: Purpose
    output: Identifier | None = Field(
        default=None, description="Of a release request of this project: what it is asked for."
    )


class BudgetLeft(Strict):
    """One account, in 1e-9 rho; null where there is no such account."""

    level: str
    total: int | None
    left: int | None
    period_left: int | None = Field(
        description="Of a pool that opens by periods: what questions may still take in this one."
    )
    period_ends: datetime.date | None = Field(description="The first day of the next period.")


class DatasetOfProject(Strict):
    name: str
    title: str
    open: bool = Field(description="False while its owner has stopped queries and releases.")
    budgets: list[BudgetLeft]


class ProjectAnswer(Strict):
    id: Identifier
    slug: str
    title: str
    purpose: str
    starts_on: datetime.date
    ends_on: datetime.date
    datasets: list[DatasetOfProject]


class ProjectPage(Strict):
    items: list[ProjectAnswer]
    next_cursor: str | None


class SecondTrackAnswer(Strict):
    track: str
    ends_on: datetime.date
    policy: dict[str, Any]
    policy_hash: str


class DatasetAnswer(Strict):
    """A dataset's public side: what it offers and under which rules."""

    name: str
    title: str
    open: bool
    made_up: bool = Field(description="Nobody in it exists: it is for practice.")
    twin: str | None = Field(
        description="Name of its synthetic twin, on which a question is tried without spending."
    )
    twin_of: str | None = Field(
        description="Name of the dataset for which it stands: the same tables, of made-up units."
    )
    track: str
    catalogue: dict[str, Any]
    policy: dict[str, Any]
    policy_hash: str
    second_track: SecondTrackAnswer | None = Field(
        description="The other track, while a two-person exception opens it."
    )


class DatasetPage(Strict):
    items: list[DatasetAnswer]
    next_cursor: str | None


class GateAnswer(Strict):
    """A condition on person, project, dataset or budget."""

    id: str
    passed: bool
    title: str
    reason: str
    authority: str
    remedy: str


class HalfWidthAtSize(Strict):
    rows: int
    half_width: str | None = Field(description="null where such a cell would not be shown.")


class ColumnAnswer(Strict):
    """How exact one published column would be, by half-widths of 95 % for one cell.

    Means, spreads and quantiles are as exact as their cell is large: ``at_sizes`` tells examples;
    of a quantile in percentage points, by rank.
    """

    title: str
    kind: str
    mechanism: str | None
    half_width: str | None
    at_sizes: list[HalfWidthAtSize]
    shown_from: int = Field(
        description="A cell of at least this true count is almost surely shown."
    )
    words: str


class BudgetAfter(BudgetLeft):
    after: int | None
    period_after: int | None
    delta_left: int | None = Field(description="In 1e-15, where the question costs some.")
    delta_after: int | None


class PreviewAnswer(Strict):
    """What a question would cost and give, from public facts only."""

    words: str
    track: str
    rho_nano: int
    epsilon: str | None = Field(
        description="Implied by rho at delta = 1e-6, as the record of the answer will say."
    )
    cells: int
    threshold: int
    columns: list[ColumnAnswer]
    one_by_one_rho_nano: int | None = Field(
        description="Of a noisy table with totals: what its tables would cost alone for the same."
    )
    keys_from: str | None = Field(
        description="Of a table by values that nobody declared: noisy units from which one is told."
    )
    delta_femto: int = Field(description="What telling such values costs beside rho, in 1e-15.")
    slot_seconds: float
    checkers: int
    risk: Literal["low", "middle", "high"]
    risk_reasons: list[str] = Field(description="From public facts alone, in words.")
    audit_share: str = Field(
        description="Of such answers that nobody would look at: drawn for a checker all the same."
    )
    open: bool = Field(description="Whether every gate is open.")
    gates: list[GateAnswer]
    budgets: list[BudgetAfter]
    existing_release: Identifier | None = Field(
        description="A release of this project that answers exactly this."
    )
    implied_by: Identifier | None = Field(
        description="A release, of this project or public, that tells the answer at a cost of 0."
    )


class PlannedPart(Strict):
    query: dict[str, Any] = Field(description="The JSON form of a question.")
    words: str
    rho_nano: int


class PlanAnswer(Strict):
    """What several tables would cost, and the cheapest way to ask for them."""

    apart: list[PlannedPart]
    apart_rho_nano: int
    together: PlannedPart | None = Field(
        description="A table with totals that has all of them; null if no single question can."
    )
    cheapest: Literal["apart", "together"]
    budgets: list[BudgetAfter] = Field(description="As the cheapest way would leave them.")


class SubmissionAnswer(Strict):
    """A question on its way. Its state is coarse on purpose."""

    id: Identifier
    project: Identifier
    dataset: str
    words: str
    purpose: str
    state: str
    meaning: str
    ended: bool
    reasons: list[str] = Field(description="Gates or codes behind a refusal; empty otherwise.")
    track: str
    rho_nano: int
    cells: int
    slot_seconds: float
    checkers: int
    submitted_at: datetime.datetime
    release: Identifier | None
    worked_out_from: Identifier | None = Field(
        description="The release from which it is worked out, where no data are read."
    )


class RequestAsked(Strict):
    """Outputs that are needed, and why."""

    title: Title
    context: Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\s\x00-\x1f][^\x00]*$")]
    outputs: list[Title] = Field(min_length=1, max_length=50)


class IntendedAnswer(Strict):
    """An output of a request, and the submissions for it, the first version first."""

    id: Identifier
    number: int
    title: str
    submissions: list[Identifier]
    state: str | None = Field(description="Of its newest version; null: not asked yet.")


class RequestAnswer(Strict):
    id: Identifier
    project: Identifier
    title: str
    context: str
    created_at: datetime.datetime
    released: int = Field(description="How many of its outputs have left.")
    outputs: list[IntendedAnswer]


class RequestList(Strict):
    items: list[RequestAnswer]


class Said(Strict):
    words: Words


class CommentAnswer(Strict):
    id: Identifier
    side: Literal["project", "checkers", "publishers"]
    words: str
    at: datetime.datetime


class CommentList(Strict):
    items: list[CommentAnswer]


class SubmissionPage(Strict):
    items: list[SubmissionAnswer]
    next_cursor: str | None


class FileAnswer(Strict):
    """One file of a release, byte for byte as it was approved."""

    format: str
    media_type: str
    href: str
    sha256: str


class RecallAnswer(Strict):
    """Why a release was taken back, and which one takes its place."""

    reason: str
    recalled_at: datetime.datetime
    successor: Identifier | None


class PublicText(Strict):
    """What its project says of a public release, in plain words."""

    title: str
    summary: str
    published_at: datetime.datetime


class ReleaseAnswer(Strict):
    id: Identifier
    project: Identifier
    dataset: str
    words: str
    track: str
    series: Identifier = Field(
        description="The same for every release of this question by this project."
    )
    released_at: datetime.datetime
    public: PublicText | None = Field(description="null while only its project may fetch it.")
    recalled: RecallAnswer | None = Field(description="Its files answer 410 from then on.")
    files: list[FileAnswer]


class ChangeAnswer(Strict):
    kind: Literal["released", "published", "recalled"]
    at: datetime.datetime
    release: Identifier
    series: Identifier
    dataset: str


class ChangePage(Strict):
    items: list[ChangeAnswer]
    cursor: str = Field(description="Ask with it for what comes after, now or later.")


class PublicProject(Strict):
    """A project that was approved, without the names of people."""

    id: Identifier
    title: str
    purpose: str
    starts_on: datetime.date
    ends_on: datetime.date
    datasets: list[str]


class Losses(Strict):
    """What answers may have told of one unit at most: so far, and ever."""

    rho_spent: int = Field(description="In 1e-9 rho.")
    rho_most: int
    delta_spent: int = Field(description="In 1e-15; adds to the delta of every epsilon.")
    delta_most: int


class DatasetLosses(Losses):
    unit: str = Field(description="Whose loss it is.")
    since: datetime.date
    period_days: int | None = Field(description="Of a budget that opens by periods.")
    period_rho: int | None


class PublicDataset(Strict):
    name: str
    title: str
    open: bool = Field(description="False while its owner has stopped queries and releases.")
    losses: DatasetLosses | None = Field(description="null for one without a privacy budget.")


class LogHead(Strict):
    origin: str
    size: int
    root: str = Field(description="SHA-256, in base64, as in its checkpoint.")
    signed_at: datetime.datetime


class RegisterAnswer(Strict):
    """What the service is used for. Its public releases are under /releases."""

    projects: list[PublicProject]
    datasets: list[PublicDataset]
    losses: Losses = Field(description="Of all datasets together: of one unit in each of them.")
    log: LogHead | None = Field(description="null where nobody signs the log.")


class WebhookAddress(Strict):
    url: Annotated[str, StringConstraints(max_length=500, pattern=URL, strict=True)] = Field(
        description="An https address; in a demonstration also an http one."
    )


class WebhookAnswer(Strict):
    id: Identifier
    url: str
    created_at: datetime.datetime


class WebhookMade(WebhookAnswer):
    secret: str = Field(description="Signs what is sent to you; shown this once.")


class WebhookPage(Strict):
    items: list[WebhookAnswer]
    next_cursor: str | None


class CorrectionAnswer(RecallAnswer):
    release: Identifier
    dataset: str
    released_at: datetime.datetime


class CorrectionPage(Strict):
    items: list[CorrectionAnswer]
    next_cursor: str | None


class ReleasePage(Strict):
    items: list[ReleaseAnswer]
    next_cursor: str | None


class ProblemKind(Strict):
    """What a type of problem means."""

    type: str
    code: str
    title: str
    status: int
    remedy: str
