"""How does one ask from Python? Preview, submit, wait, read: one class, one method a resource."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tre.client.errors import Tampered, TimedOut, Unreachable, problem_of
from tre.client.values import Preview, Release, Submission

ROOT = "/api/v1"


class Client:
    """A caller. Methods raise ``tre.client.Problem`` or one of its kinds.

    Without a token it reads what is public, and nothing else.
    """

    def __init__(
        self, url: str, token: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + ROOT,
            headers={} if token is None else {"Authorization": f"Bearer {token.strip()}"},
            timeout=30,
            transport=transport,
        )

    @classmethod
    def from_file(cls, url: str, path: str | Path) -> Self:
        """With the token that a file holds, so that it stands in no program and no history."""
        return cls(url, Path(path).read_text(encoding="ascii"))

    def projects(self) -> list[dict[str, Any]]:
        """Your projects, with their datasets and what is left of each budget."""
        return list(self._listed("/projects"))

    def datasets(self) -> list[dict[str, Any]]:
        """The catalogue of every dataset of your projects."""
        return list(self._listed("/datasets"))

    def preview(
        self,
        query: str | dict[str, Any],
        *,
        project: str,
        dataset: str,
        rho_nano: int | None = None,
        half_width: str | None = None,
        track: str | None = None,
    ) -> Preview:
        """What a question (restricted SQL, or its JSON form) would cost. Spends nothing.

        With ``half_width``, such as "20": at the least cost at which it is as exact as that. With
        ``rho_nano`` 0: as a released table tells it.
        """
        body = _question(query, dataset=dataset, rho_nano=rho_nano, track=track)
        if half_width is not None:
            body["half_width"] = half_width
        return Preview(self._json("POST", f"/projects/{project}/previews", json=body))

    def plan(
        self,
        queries: Sequence[str | dict[str, Any]],
        *,
        project: str,
        dataset: str,
        half_width: str,
        track: str | None = None,
    ) -> dict[str, Any]:
        """What several tables would cost at one exactness, and the cheapest way to ask for them.

        ``apart`` has each with its cost, ``together`` one table with totals that has them all, if
        there is one. Spends nothing.
        """
        body = {"dataset": dataset, "queries": list(queries), "half_width": half_width}
        body |= {} if track is None else {"track": track}
        return dict(self._json("POST", f"/projects/{project}/plans", json=body))

    def submit(
        self,
        query: str | dict[str, Any],
        *,
        project: str,
        dataset: str,
        purpose: str,
        rho_nano: int | None = None,
        track: str | None = None,
        key: str | None = None,
        output: str | None = None,
    ) -> Submission:
        """Send a question. The same ``key`` twice is one submission.

        ``output``: the id of an output of a release request that it is asked for.
        """
        about = {"rho_nano": rho_nano, "track": track, "purpose": purpose, "output": output}
        body = _question(query, dataset=dataset, **about)
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        path = f"/projects/{project}/submissions"
        return Submission(self._json("POST", path, json=body, headers=headers))

    def begin_request(
        self, *, project: str, title: str, context: str, outputs: list[str]
    ) -> dict[str, Any]:
        """Name the outputs that you need; the answer holds an id for each."""
        body = {"title": title, "context": context, "outputs": outputs}
        return self._json("POST", f"/projects/{project}/requests", json=body)

    def comments(self, submission: Submission) -> list[dict[str, Any]]:
        """What was said about it, oldest first."""
        return list(self._json("GET", f"/submissions/{submission.id}/comments")["items"])

    def say(self, submission: Submission, words: str) -> None:
        """To whoever checks or publishes it. It is kept for good."""
        self._json("POST", f"/submissions/{submission.id}/comments", json={"words": words})

    def answer(self, submission: Submission, words: str) -> Submission:
        """What checkers asked; the same table goes to them again."""
        body = {"words": words}
        return Submission(self._json("POST", f"/submissions/{submission.id}/answer", json=body))

    def submission(self, identifier: str) -> Submission:
        return Submission(self._json("GET", f"/submissions/{identifier}"))

    def submissions(self, project: str) -> list[Submission]:
        """Of all members of a project, newest first."""
        listed = self._listed(f"/projects/{project}/submissions")
        return [Submission(document) for document in listed]

    def cancel(self, submission: Submission) -> Submission:
        """Take a question back. What was reserved for it stays spent."""
        return Submission(self._json("POST", f"/submissions/{submission.id}/cancellation"))

    def wait(self, submission: Submission, *, patience: float = 60, pause: float = 1) -> Submission:
        """The submission once it has ended. Raises TimedOut, e.g. while it is with checkers."""
        end = time.monotonic() + patience
        while True:
            submission = self.submission(submission.id)
            if submission.ended:
                return submission
            if time.monotonic() >= end:
                raise TimedOut(f"Submission {submission.id} is still {submission.state}.")
            time.sleep(pause)

    def releases(
        self,
        *,
        dataset: str | None = None,
        project: str | None = None,
        words: str | None = None,
        series: str | None = None,
    ) -> list[Release]:
        """The public ones and those of your projects, newest first; ``words``: of the question."""
        asked = {"dataset": dataset, "project": project, "words": words, "series": series}
        return [self._of(document) for document in self._listed("/releases", **asked)]

    def release(self, identifier: str) -> Release:
        return self._of(self._json("GET", f"/releases/{identifier}/about"))

    def latest(self, series: str) -> Release:
        """The newest release of a series that stands."""
        found = self._send("GET", f"/series/{series}/latest")
        return self.release(found.headers["Location"].rpartition("/")[2])

    def changes(self, cursor: str | None = None) -> tuple[list[dict[str, Any]], str]:
        """What was released, made public or recalled behind a cursor, and the next cursor."""
        found: list[dict[str, Any]] = []
        while True:
            params = {} if cursor is None else {"cursor": cursor}
            page = self._json("GET", "/changes", params=params)
            found += page["items"]
            cursor = str(page["cursor"])
            if not page["items"]:
                return found, cursor

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _of(self, document: dict[str, Any]) -> Release:
        return Release(document, partial(self._file, document))

    def _file(self, document: dict[str, Any], form: str) -> bytes:
        """A file, checked against the hash that was said of it. Raises Tampered."""
        (file,) = (one for one in document["files"] if one["format"] == form)
        content = self._send("GET", file["href"].removeprefix(ROOT)).content
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise Tampered(f"The {form} of release {document['id']} is not what was approved.")
        return content

    def _listed(self, path: str, **asked: str | None) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            given = {"cursor": cursor, **asked}
            params = {name: value for name, value in given.items() if value is not None}
            page = self._json("GET", path, params=params)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return dict(self._send(method, path, **options).json())

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise Unreachable(f"No answer from {self._http.base_url}.") from error
        if response.is_error:
            raise problem_of(_members(response), status=response.status_code)
        return response


def _question(query: str | dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"query": query, **{name: value for name, value in members.items() if value is not None}}


def _members(response: httpx.Response) -> dict[str, Any]:
    """The problem document of an answer, or an empty one where something else answered."""
    try:
        members = response.json()
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}
