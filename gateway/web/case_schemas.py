"""What the API says and hears about a home's instruction and the people on duty."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.model.authorisation import Role
from gateway.ports.case import Instruction
from gateway.web.schemas import Id, Instant, clean, rfc3339

INSTRUCTION_LENGTH: Final = 2_000
"""Characters: what one reads in half a minute at night."""
CALL_LINK: Final = r"^(tel:\+?[0-9-]{3,20}|sips?:[A-Za-z0-9@._+-]{3,80})$"


class InstructionRequest(BaseModel):
    """A new instruction in place of the version that the person read, 0 for the first one."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
    text: Annotated[str, Field(max_length=INSTRUCTION_LENGTH), AfterValidator(clean)]
    call_link: Annotated[str, Field(pattern=CALL_LINK, examples=["tel:+46812345678"])] | None = None


class InstructionView(BaseModel):
    """What is to be done in a home; `version` 0: nobody has written anything yet."""

    home: Id
    text: str
    call_link: str | None
    version: int
    changed_at: Instant | None


class ResponderView(BaseModel):
    """Somebody on duty: a caregiver can be sent, an operator can take over."""

    person: Id
    name: str
    role: Role


def instruction_view(instruction: Instruction) -> InstructionView:
    """An instruction as it stands."""
    return InstructionView(
        home=instruction.home,
        text=instruction.text,
        call_link=instruction.call_link,
        version=instruction.version,
        changed_at=None if instruction.changed_at is None else rfc3339(instruction.changed_at),
    )
