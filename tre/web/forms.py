"""Which small forms are there? Each field says what is wrong with it in a full sentence."""

from __future__ import annotations

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovCheckboxInput,
    GovPasswordInput,
    GovRadioInput,
    GovSelect,
    GovSubmitInput,
    GovTextArea,
    GovTextInput,
)
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from tre.comments import Audience
from tre.journey.answered import LONGEST_ANSWER
from tre.journey.appointed import SHORTEST_PASSWORD
from tre.journey.discussed import LONGEST as LONGEST_COMMENT
from tre.journey.excepted import LONGEST_POLICY
from tre.journey.excepted import LONGEST_REASON as LONGEST_EXCEPTION_REASON
from tre.journey.reviewed import LONGEST_REASON
from tre.journey.stopped import LONGEST_REASON as LONGEST_STOP_REASON
from tre.journey.submitted import LONGEST_PURPOSE
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


GRANT = "grant"


class AskException(FlaskForm):
    """An owner asks to open the second track of a dataset."""

    reason = TextAreaField(
        "Why must both tracks be open?",
        description="Whoever decides will read this, and it goes on record.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give a reason"),
            Length(
                max=LONGEST_EXCEPTION_REASON,
                message=f"Use at most {LONGEST_EXCEPTION_REASON} characters",
            ),
        ],
    )
    ends_on = StringField(
        "Last day",
        description="Such as 2030-01-31, at most a year ahead.",
        widget=GovTextInput(),
        validators=[InputRequired("Enter the last day, such as 2030-01-31")],
    )
    policy = TextAreaField(
        "Rules of the second track",
        description="A policy file, as for the dataset's own rules.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give the rules of the second track"),
            Length(max=LONGEST_POLICY, message=f"Use at most {LONGEST_POLICY} characters"),
        ],
    )
    submit = SubmitField("Ask for this exception", widget=GovSubmitInput())


class Tighten(FlaskForm):
    """Rules for one project that are stricter than what it inherits."""

    rules = TextAreaField(
        "Stricter rules",
        description="Names as in a policy file, each on its line; those of a track under its name.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give the rules that are to be stricter"),
            Length(max=LONGEST_POLICY, message=f"Use at most {LONGEST_POLICY} characters"),
        ],
    )
    reason = TextAreaField(
        "Why?",
        description="For the record. There is no way back to looser rules.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Say why the rules become stricter"),
            Length(max=LONGEST_REASON, message=f"Use at most {LONGEST_REASON} characters"),
        ],
    )
    submit = SubmitField("Make these rules hold", widget=GovSubmitInput())


class Suppose(FlaskForm):
    """Rules to look at; nothing is laid by them."""

    policy = TextAreaField(
        "Rules to suppose",
        description="A policy file, as for the dataset's own rules.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give the rules"),
            Length(max=LONGEST_POLICY, message=f"Use at most {LONGEST_POLICY} characters"),
        ],
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
    reason = TextAreaField(
        "Why?",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give a reason"),
            Length(
                max=LONGEST_EXCEPTION_REASON,
                message=f"Use at most {LONGEST_EXCEPTION_REASON} characters",
            ),
        ],
    )
    policy_hash = HiddenField(validators=[InputRequired("Look at the rules again")])
    submit = SubmitField("Record the decision", widget=GovSubmitInput())


class Recall(FlaskForm):
    """A release is taken back, for good."""

    reason = TextAreaField(
        "Why?",
        description="Anybody can read this: name nobody, and nothing that the data hold.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Give a reason"),
            Length(
                max=LONGEST_STOP_REASON, message=f"Use at most {LONGEST_STOP_REASON} characters"
            ),
        ],
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
    reason = TextAreaField(
        "How do you know?",
        description="This goes on record.",
        widget=GovTextArea(),
        validators=[
            InputRequired("Say how you know"),
            Length(
                max=LONGEST_STOP_REASON, message=f"Use at most {LONGEST_STOP_REASON} characters"
            ),
        ],
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


class Empty(FlaskForm):
    """A button alone: nothing but the form's token to check."""


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
