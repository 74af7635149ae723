"""What do forms share? And who signs in, and who is who? Each field says what is wrong with it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovPasswordInput,
    GovRadioInput,
    GovSubmitInput,
    GovTextInput,
)
from wtforms import (
    EmailField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from tre.journey.appointed import SHORTEST_PASSWORD
from tre.people import Role

Errors = list[dict[str, str]]
"""What the error summary lists: a sentence and the address of the field."""


def problems_of(form: FlaskForm) -> Errors:
    return [
        {"text": sentence, "href": f"#{form[name].id}"}
        for name, sentences in form.errors.items()
        if name is not None
        for sentence in sentences[:1]
    ]


def add_problem(form: FlaskForm, field: str, sentence: str) -> None:
    """A problem that only the journey could see, shown where the form's own would be."""
    form[field].errors = [*form[field].errors, sentence]


class SignIn(FlaskForm):
    email = EmailField(
        "Email address",
        widget=GovTextInput(),
        validators=[InputRequired("Enter your email address"), Length(max=200)],
    )
    password = PasswordField(
        "Password",
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter your password"), Length(max=1000)],
    )
    submit = SubmitField("Sign in", widget=GovSubmitInput())


ROLES = [
    SelectChoice(Role.RESEARCHER.value, "Researcher: asks questions"),
    SelectChoice(Role.CHECKER.value, "Checker: decides on outputs of other people's projects"),
    SelectChoice(Role.HEAD_CHECKER.value, "Head of checking: takes releases back"),
    SelectChoice(Role.OWNER.value, "Owner: answers for datasets"),
    SelectChoice(Role.AUDITOR.value, "Auditor: reads every act on record and does nothing else"),
    SelectChoice(Role.ADMINISTRATOR.value, "Administrator: runs accounts and decides nothing else"),
]


def _organisation() -> StringField:
    return StringField(
        "Organisation (optional)",
        description="For whom they work. Checkers are chosen from other organisations first.",
        widget=GovTextInput(),
        validators=[Length(max=200, message="Use at most 200 characters")],
    )


class NewPerson(FlaskForm):
    name = StringField("Name", widget=GovTextInput(), validators=[InputRequired("Enter a name")])
    email = EmailField(
        "Email address", widget=GovTextInput(), validators=[InputRequired("Enter an email address")]
    )
    password = PasswordField(
        "First password",
        description=f"At least {SHORTEST_PASSWORD} characters. Hand it over in person.",
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter a password"), Length(max=1000)],
    )
    organisation = _organisation()
    roles = SelectMultipleField("Roles", widget=GovCheckboxesInput(), choices=ROLES)
    submit = SubmitField("Add this person", widget=GovSubmitInput())


class ChangePerson(FlaskForm):
    organisation = _organisation()
    roles = SelectMultipleField("Roles", widget=GovCheckboxesInput(), choices=ROLES)
    account = RadioField(
        "Account",
        widget=GovRadioInput(),
        choices=[
            SelectChoice("open", "Open"),
            SelectChoice("closed", "Closed: signed out everywhere, cannot sign in"),
        ],
        validators=[InputRequired("Choose open or closed")],
    )
    submit = SubmitField("Save", widget=GovSubmitInput())
