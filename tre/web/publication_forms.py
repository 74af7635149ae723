"""How does a release become public? The words that a project proposes, and the answer to them."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovPasswordInput,
    GovRadioInput,
    GovSubmitInput,
    GovTextArea,
    GovTextInput,
)
from wtforms import HiddenField, PasswordField, RadioField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from tre.journey.made_public import LONGEST_REASON, LONGEST_SUMMARY, LONGEST_TITLE

DECLINE = "decline"


class Propose(FlaskForm):
    """What everybody is to read beside the table."""

    title = StringField(
        "Title",
        description="What the table shows, in a few plain words.",
        widget=GovTextInput(),
        validators=[
            InputRequired("Enter a title"),
            Length(max=LONGEST_TITLE, message=f"Use at most {LONGEST_TITLE} characters"),
        ],
    )
    summary = TextAreaField(
        "Summary for everybody",
        description="What was asked, what the table says and what it does not say, for readers who"
        " know nothing of statistics. Use only numbers that stand in the table.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Say what the table shows"),
            Length(max=LONGEST_SUMMARY, message=f"Use at most {LONGEST_SUMMARY} characters"),
        ],
    )
    submit = SubmitField("Ask for publication", widget=GovSubmitInput())


class MakePublic(FlaskForm):
    """A publisher allows exactly these words, or declines them."""

    act = RadioField(
        "What do you do?",
        widget=GovRadioInput(),
        choices=[
            SelectChoice("allow", "Make public: everybody reads this table and this text"),
            SelectChoice(DECLINE, "Decline: the project may propose another text"),
        ],
        validators=[InputRequired("Choose what you do")],
    )
    password = PasswordField(
        "Your password",
        description="Needed to make public, also while you are signed in.",
        widget=GovPasswordInput(),
        validators=[Length(max=1000)],
    )
    reason = TextAreaField(
        "Why?",
        description="Needed to decline. The project will read it.",
        widget=GovTextArea(),
        validators=[Length(max=LONGEST_REASON, message=f"Use at most {LONGEST_REASON} characters")],
    )
    text_hash = HiddenField(validators=[InputRequired("Look at the text again")])
    submit = SubmitField("Do this", widget=GovSubmitInput())
