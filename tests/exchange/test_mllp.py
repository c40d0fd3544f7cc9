"""MLLP against a receiver on the loopback that plays one answer after the other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import hl7
import pytest

from isletscope.exchange.content import content_of
from isletscope.exchange.hl7v2 import oru_message
from isletscope.exchange.mllp import SendError, send_mllp
from tests.exchange.cases import with_a_gap

START, END = b"\x0b", b"\x1c\r"


@contextmanager
def receiver(*answers: str) -> Iterator[tuple[int, list[bytes]]]:
    """A listener that gives one answer to each connection: a code, "close", "half", "silent" or "other".

    Gives its port and the messages it received.
    """
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            line, _ = listener.accept()
            with line:
                data = b""
                while not data.endswith(END):
                    data += line.recv(65536)
                received.append(data)
                control = str(hl7.parse(data.strip(START + END).decode()).segment("MSH")[10])
                if answer == "silent":
                    line.recv(1)  # until the sender gives up and closes
                elif answer != "close":
                    line.sendall(answered(answer, control))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], received
    finally:
        thread.join(5)
        listener.close()


def answered(code: str, control: str) -> bytes:
    if code == "half":
        return START + b"MSH|^~\\&|"
    if code == "nonsense":
        return START + b"hello" + END
    named = "somebody-else" if code == "other" else control
    said = "AA" if code == "other" else code
    text = f"MSH|^~\\&|RIS||||20260101||ACK^R01|1|P|2.5.1\rMSA|{said}|{named}|patient not known\r"
    return START + text.encode() + END


@pytest.fixture(scope="module")
def message() -> str:
    return oru_message(content_of(with_a_gap()), b"%PDF")


def test_accepted_and_received_whole(message: str) -> None:
    with receiver("AA") as (port, received):
        told = send_mllp(message, "127.0.0.1", port, timeout_s=20)
    assert (told.code, told.tries) == ("AA", 1)
    assert received == [START + message.encode() + END]


@pytest.mark.parametrize(("first", "timeout_s"), [("close", 20), ("half", 20), ("silent", 3)])
def test_sent_again_while_nothing_was_acknowledged(message: str, first: str, timeout_s: float) -> None:
    with receiver(first, "AA") as (port, received):
        told = send_mllp(message, "127.0.0.1", port, timeout_s=timeout_s)
    assert told.tries == 2
    assert received[0] == received[1]


@pytest.mark.parametrize(
    ("code", "said"), [("AE", r"found an error in it \(AE\)"), ("AR", r"rejected it \(AR\)"), ("XX", "is not known")]
)
def test_an_error_or_a_rejection_is_told_and_not_repeated(message: str, code: str, said: str) -> None:
    with receiver(code) as (port, received), pytest.raises(SendError, match=said) as found:
        send_mllp(message, "127.0.0.1", port, timeout_s=20)
    assert "patient not known" in str(found.value)
    assert len(received) == 1


@pytest.mark.parametrize(("answer", "said"), [("other", "answered to another message"), ("nonsense", "no known form")])
def test_an_answer_that_is_none_is_no_success(message: str, answer: str, said: str) -> None:
    with receiver(answer) as (port, _), pytest.raises(SendError, match=said):
        send_mllp(message, "127.0.0.1", port, timeout_s=20)


def test_nobody_listens(message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SendError, match=r"nothing was acknowledged; found .*2 tries"):
        send_mllp(message, "127.0.0.1", port, timeout_s=1, tries=2)
