"""Letters: what goes into their head, and what can be no address."""

from __future__ import annotations

import pytest

from shared.mail import Letter, MailError, MailServer, compose, is_address

SERVER = MailServer("mail.example", 25, "none", "", "", "ki@herten.example", "Stadt Herten")


def test_letter_names_sender_recipient_subject_and_itself() -> None:
    message = compose(SERVER, Letter("7.herten", "vhs@example.org", "Stimmt „das“ noch?", "Grüße\n"), now=0)

    assert (message["From"], message["To"]) == ("Stadt Herten <ki@herten.example>", "vhs@example.org")
    assert message["Subject"] == "Stimmt „das“ noch?"
    assert message["Message-ID"] == "<7.herten@herten.example>"
    assert message["Date"] == "Thu, 01 Jan 1970 00:00:00 +0000"
    assert message.get_content() == "Grüße\n"


def test_line_breaks_in_a_subject_add_no_line_to_the_head() -> None:
    message = compose(SERVER, Letter("7", "vhs@example.org", "Kurs\r\nBcc: all@example.org", "x"), now=0)

    assert message["Bcc"] is None
    assert message["Subject"] == "Kurs Bcc: all@example.org"


@pytest.mark.parametrize(
    "text", ["", "vhs", "a@b@c", "vhs@example.org\nBcc: x@y.example", "a b@c.example", "<a@b.c>", "a,b@c.d"]
)
def test_text_that_is_no_single_address_is_refused(text: str) -> None:
    assert not is_address(text)
    with pytest.raises(MailError) as caught:
        compose(SERVER, Letter("7", text, "x", "x"), now=0)
    assert caught.value.is_final
