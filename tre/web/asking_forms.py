"""What does a researcher fill in, beside the question itself? Each field says what is wrong."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovSelect,
    GovSubmitInput,
    GovTextArea,
    GovTextInput,
)
from wtforms import (
    HiddenField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from tre.journey.answered import LONGEST_ANSWER
from tre.journey.submitted import LONGEST_PURPOSE


class Send(FlaskForm):
    """Sends a question on its way, at a price that was looked at."""

    purpose = TextAreaField(
        "What is this question for?",
        description="Checkers and the owner of the dataset will read this.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Say what the question is for"),
            Length(max=LONGEST_PURPOSE, message=f"Use at most {LONGEST_PURPOSE} characters"),
        ],
    )
    intended = SelectField(
        "Which output of a release request is it?",
        description="Its checkers see it with the others of the request.",
        widget=GovSelect(),
        choices=[SelectChoice("", "None: it stands for itself")],
        validators=[Optional()],
    )
    rho_nano = HiddenField(
        id="rho-1",  # the first of the offers, so that the error summary leads there
        validators=[
            Optional(),
            Regexp(r"[0-9]{1,15}\Z", message="Choose one of the prices that are offered"),
        ],
    )
    half_width = StringField(
        "Or the first number within plus or minus",
        description="In its own units, such as 20. Tells the least cost at which it is.",
        widget=GovTextInput(),
        validators=[Optional()],
    )
    key = HiddenField(validators=[Optional()])
    submit = SubmitField("Ask this question", widget=GovSubmitInput())


class Request(FlaskForm):
    """Names outputs before they are asked."""

    title = StringField(
        "Title",
        description="For example: tables of the annual report.",
        widget=GovTextInput(),
        validators=[InputRequired("Enter a title")],
    )
    context = TextAreaField(
        "What are the outputs for, and what should their checkers know?",
        widget=GovTextArea(),
        validators=[InputRequired("Say what the outputs are for")],
    )
    outputs = TextAreaField(
        "Which outputs do you need?",
        description="One a line: what each of them is to show.",
        widget=GovTextArea(),
        validators=[InputRequired("Name at least one output")],
    )
    submit = SubmitField("Begin this request", widget=GovSubmitInput())


class Answer(FlaskForm):
    answer = TextAreaField(
        "Your answer",
        widget=GovTextArea(),
        validators=[
            InputRequired("Enter your answer"),
            Length(max=LONGEST_ANSWER, message=f"Use at most {LONGEST_ANSWER} characters"),
        ],
    )
    submit = SubmitField("Send the answer", widget=GovSubmitInput())
