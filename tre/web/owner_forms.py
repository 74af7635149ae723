"""What do owners and the head of checking fill in? Each field says what is wrong with it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxInput,
    GovRadioInput,
    GovSelect,
    GovSubmitInput,
    GovTextArea,
    GovTextInput,
)
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from tre.journey.excepted import LONGEST_POLICY
from tre.journey.excepted import LONGEST_REASON as LONGEST_EXCEPTION_REASON
from tre.journey.reviewed import LONGEST_REASON
from tre.journey.stopped import LONGEST_REASON as LONGEST_STOP_REASON

GRANT = "grant"


def _text(label: str, *, missing: str, most: int, description: str = "") -> TextAreaField:
    """A field for what has to be said, in at most so many characters."""
    return TextAreaField(
        label,
        description=description,
        widget=GovTextArea(),
        validators=[
            InputRequired(missing),
            Length(max=most, message=f"Use at most {most} characters"),
        ],
    )


class AskException(FlaskForm):
    """An owner asks to open the second track of a dataset."""

    reason = _text(
        "Why must both tracks be open?",
        description="Whoever decides will read this, and it goes on record.",
        missing="Give a reason",
        most=LONGEST_EXCEPTION_REASON,
    )
    ends_on = StringField(
        "Last day",
        description="Such as 2030-01-31, at most a year ahead.",
        widget=GovTextInput(),
        validators=[InputRequired("Enter the last day, such as 2030-01-31")],
    )
    policy = _text(
        "Rules of the second track",
        description="A policy file, as for the dataset's own rules.",
        missing="Give the rules of the second track",
        most=LONGEST_POLICY,
    )
    submit = SubmitField("Ask for this exception", widget=GovSubmitInput())


class AskTopUp(FlaskForm):
    """An owner asks for more budget."""

    account = SelectField(
        "Which budget is to hold more?",
        widget=GovSelect(),
        validate_choice=False,  # the journey says what is wrong
        validators=[InputRequired("Choose which budget is to hold more")],
    )
    rho = StringField(
        "How much is to be added, in ρ?",
        description="Such as 0.5. What a question costs stands on the page with its price.",
        widget=GovTextInput(),
    )
    delta = StringField(
        "How much δ? (optional)",
        description="Such as 0.00000001, for tables by values that nobody declared.",
        widget=GovTextInput(),
    )
    reason = _text(
        "Why is more needed?",
        description="Whoever decides will read this, and it goes on record.",
        missing="Give a reason",
        most=LONGEST_EXCEPTION_REASON,
    )
    submit = SubmitField("Ask for it", widget=GovSubmitInput())


class DecideTopUp(FlaskForm):
    decision = RadioField(
        "What do you decide?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice(GRANT, "Grant: it can be spent from now on"),
            SelectChoice("decline", "Decline"),
        ],
        validators=[InputRequired("Choose what you decide")],
    )
    reason = _text("Why?", missing="Give a reason", most=LONGEST_EXCEPTION_REASON)
    submit = SubmitField("Record the decision", widget=GovSubmitInput())


class Tighten(FlaskForm):
    """Rules for one project that are stricter than what it inherits."""

    rules = _text(
        "Stricter rules",
        description="Names as in a policy file, each on its line; those of a track under its name.",
        missing="Give the rules that are to be stricter",
        most=LONGEST_POLICY,
    )
    reason = _text(
        "Why?",
        description="For the record. There is no way back to looser rules.",
        missing="Say why the rules become stricter",
        most=LONGEST_REASON,
    )
    submit = SubmitField("Make these rules hold", widget=GovSubmitInput())


class Suppose(FlaskForm):
    """Rules to look at; nothing is laid by them."""

    policy = _text(
        "Rules to suppose",
        description="A policy file, as for the dataset's own rules.",
        missing="Give the rules",
        most=LONGEST_POLICY,
    )
    submit = SubmitField("See what they would have stopped", widget=GovSubmitInput())


class DecideException(FlaskForm):
    decision = RadioField(
        "What do you decide?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice(GRANT, "Grant: both tracks may be open until that day"),
            SelectChoice("decline", "Decline"),
        ],
        validators=[InputRequired("Choose what you decide")],
    )
    reason = _text("Why?", missing="Give a reason", most=LONGEST_EXCEPTION_REASON)
    policy_hash = HiddenField(validators=[InputRequired("Look at the rules again")])
    submit = SubmitField("Record the decision", widget=GovSubmitInput())


class Recall(FlaskForm):
    """A release is taken back, for good."""

    reason = _text(
        "Why?",
        description="Anybody can read this: name nobody, and nothing that the data hold.",
        missing="Give a reason",
        most=LONGEST_STOP_REASON,
    )
    successor = StringField(
        "Which release takes its place? (optional)",
        description="Its number, 24 characters. It stays on record beside this one.",
        widget=GovTextInput(),
        filters=[lambda text: (text or "").strip()],
    )
    submit = SubmitField("Recall for good", widget=GovSubmitInput())


class Settle(FlaskForm):
    """What was charged after the backup, by the owner's own knowledge."""

    lost = StringField(
        "How much was spent since the backup, in ρ?",
        description="From reports, mails or released tables. Leave it empty to give up all that"
        " is left of the pool, which is always safe.",
        widget=GovTextInput(),
    )
    no_exact_table_left = BooleanField(
        "No exact table of this dataset left since the backup",
        widget=GovCheckboxInput(),
    )
    reason = _text(
        "How do you know?",
        description="This goes on record.",
        missing="Say how you know",
        most=LONGEST_STOP_REASON,
    )
    submit = SubmitField("Settle", widget=GovSubmitInput())


class Turn(FlaskForm):
    """The owner's one button, either way."""

    reason = StringField(
        "Why?",
        description="This goes on record.",
        widget=GovTextInput(),
        validators=[
            InputRequired("Give a reason"),
            Length(
                max=LONGEST_STOP_REASON, message=f"Use at most {LONGEST_STOP_REASON} characters"
            ),
        ],
    )
