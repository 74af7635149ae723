"""What does the log say of itself to anybody? Its newest checkpoint, and proofs about it.

Leaves are hashes with a random salt: nothing of an entry can be read from them or tried on them.
"""

from __future__ import annotations

from flask import Response

from tre import request as this
from tre.api import contract as said
from tre.api.blueprint import blueprint
from tre.api.problems import Problem
from tre.transparency import log
from tre.transparency.log import LogCheckpoint, LogLeaf
from tre.transparency.tree import consistency, inclusion

TEXT = {"text/plain": {"schema": {"type": "string"}}}


@blueprint.get("/log/checkpoint")
@blueprint.doc(
    security=[{}], responses={200: {"description": "A C2SP tlog-checkpoint", "content": TEXT}}
)
def log_checkpoint() -> Response:
    """The newest signed checkpoint of the log."""
    return Response(_newest().note, content_type="text/plain; charset=utf-8")


@blueprint.get("/log/inclusion")
@blueprint.input(said.LeafInLog, location="query", arg_name="asked")
@blueprint.output(said.InclusionAnswer)
@blueprint.doc(security=[{}])
def log_inclusion(asked: said.LeafInLog) -> said.InclusionAnswer:
    """The proof that a log of this size holds this leaf (RFC 6962, section 2.1.1)."""
    size = _covered(asked.size)
    if asked.leaf >= size:
        raise Problem("not-found")
    session = this.session()
    way = inclusion(log.hashes(session), leaf=asked.leaf, size=size)
    return said.InclusionAnswer(
        leaf=asked.leaf,
        size=size,
        hash=session.get_one(LogLeaf, asked.leaf).hash,
        proof=[one.hex() for one in way],
    )


@blueprint.get("/log/consistency")
@blueprint.input(said.TwoSizes, location="query", arg_name="asked")
@blueprint.output(said.ConsistencyAnswer)
@blueprint.doc(security=[{}])
def log_consistency(asked: said.TwoSizes) -> said.ConsistencyAnswer:
    """The proof that a log of this size begins with an earlier one (RFC 6962, section 2.1.2)."""
    size = _covered(asked.size)
    if asked.before > size:
        raise Problem("not-found")
    way = consistency(log.hashes(this.session()), before=asked.before, size=size)
    return said.ConsistencyAnswer(before=asked.before, size=size, proof=[one.hex() for one in way])


def _newest() -> LogCheckpoint:
    newest = log.newest(this.session())
    if newest is None:
        raise Problem("not-found")
    return newest


def _covered(size: int | None) -> int:
    """A size up to the newest checkpoint's: nothing is told of what nobody signed for."""
    newest = _newest().size
    if size is not None and size > newest:
        raise Problem("not-found")
    return newest if size is None else size
