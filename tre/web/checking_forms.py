"""What do checkers and publishers fill in? Each field says what is wrong with it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovPasswordInput,
    GovRadioInput,
    GovSubmitInput,
    GovTextArea,
)
from wtforms import (
    HiddenField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from tre.comments import Audience
from tre.journey.discussed import LONGEST as LONGEST_COMMENT
from tre.journey.reviewed import LONGEST_REASON
from tre.journey.submitted import LONGEST_PURPOSE
from tre.seeded import MEANING, Fault

REASONS: dict[str, str] = {
    "categories": "Broader categories would show the same with fewer hidden cells.",
    "population": "Please say which people are counted, and why these.",
    "purpose": "Please say how this table serves its purpose.",
    "outside": "It does not serve the purpose of the project.",
    "before": "This was released before: use that table.",
}
"""What checkers often write to an author."""


NEXT = "next"


class Decide(FlaskForm):
    decision = RadioField(
        "What do you decide?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice("approve", "Approve: this table may leave exactly as it is"),
            SelectChoice("return", "Return: ask the author something first"),
            SelectChoice("reject", "Reject: this table must not leave"),
        ],
        validators=[InputRequired("Choose what you decide")],
    )
    often = SelectMultipleField(
        "Reasons that are often given",
        widget=GovCheckboxesInput(),
        choices=[SelectChoice(key, sentence) for key, sentence in REASONS.items()],
        validators=[Optional()],
    )
    reason = TextAreaField(
        "Why?",
        description="Needed to return or reject, here or above. The author will read it.",
        widget=GovTextArea(),
        validators=[Length(max=LONGEST_REASON, message=f"Use at most {LONGEST_REASON} characters")],
    )
    artefact_hash = HiddenField(validators=[InputRequired("Look at the output again")])
    then = RadioField(
        "And then?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice("queue", "Back to what waits"),
            SelectChoice(NEXT, "On to the next that waits for you"),
        ],
        default="queue",
        validators=[Optional()],
    )
    submit = SubmitField("Record the decision", widget=GovSubmitInput())

    @property
    def reasons(self) -> str:
        """What was chosen and what was written, as one text."""
        chosen = [REASONS[key] for key in self.often.data or () if key in REASONS]
        return "\n".join([*chosen, (self.reason.data or "").strip()]).strip()

    def of_clash(self) -> None:
        """A table that may not leave is rejected, and a reason would tell its author why."""
        self.decision.choices = self.decision.choices[2:]
        self.often.choices = []
        self.reason.description = "For the record. The author will not read it."


TO: dict[Audience, str] = {
    Audience.CHECKERS: "Checkers and publisher",
    Audience.EVERYBODY: "Everybody, the project too: name nothing that is hidden",
}


class Comment(FlaskForm):
    """Beside another form of the same page, so its fields have names of their own."""

    words = TextAreaField(
        "Say something",
        description="It is kept for good.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Write something"),
            Length(max=LONGEST_COMMENT, message=f"Use at most {LONGEST_COMMENT} characters"),
        ],
    )
    audience = RadioField(
        "Who may read it?",
        widget=GovRadioInput(),
        validators=[InputRequired("Choose who may read it")],
    )
    add = SubmitField("Add the comment", widget=GovSubmitInput())

    def __init__(self) -> None:
        super().__init__(prefix="comment-")

    def for_audiences(self, audiences: tuple[Audience, ...]) -> None:
        self.audience.choices = [SelectChoice(one.value, TO[one]) for one in audiences]


SEND_BACK = "send_back"


class Publish(FlaskForm):
    """An approved output leaves, or goes back to its checkers."""

    act = RadioField(
        "What do you do?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice("release", "Release: this table leaves exactly as it is"),
            SelectChoice(SEND_BACK, "Send back: its checkers look again"),
        ],
        validators=[InputRequired("Choose what you do")],
    )
    password = PasswordField(
        "Your password",
        description="Needed to release, also while you are signed in.",
        widget=GovPasswordInput(),
        validators=[Length(max=1000)],
    )
    reason = TextAreaField(
        "Why?",
        description="Needed to send back. Its checkers will read it.",
        widget=GovTextArea(),
        validators=[Length(max=LONGEST_REASON, message=f"Use at most {LONGEST_REASON} characters")],
    )
    artefact_hash = HiddenField(validators=[InputRequired("Look at the output again")])
    submit = SubmitField("Do this", widget=GovSubmitInput())


class Seed(FlaskForm):
    fault = RadioField(
        "What is wrong with it?",
        widget=GovRadioInput(),
        choices=[SelectChoice(fault.value, MEANING[fault]) for fault in Fault],
        validators=[InputRequired("Choose what is wrong with it")],
    )
    purpose = TextAreaField(
        "What would its author say that it is for?",
        description="Checkers read this. Where the purpose is what is wrong, say one that is.",
        widget=GovTextArea(),
        validators=[InputRequired("Say what it is for"), Length(max=LONGEST_PURPOSE)],
    )
    submit = SubmitField("Put it before the checkers", widget=GovSubmitInput())
