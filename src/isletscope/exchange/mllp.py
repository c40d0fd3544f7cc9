"""Sending an HL7 v2 message over MLLP, and what the receiver answered."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import hl7

from isletscope.errors import InputError, IsletscopeError

START, END = b"\x0b", b"\x1c\r"
_ACCEPTED = ("AA", "CA")
_WORDS = {
    "AE": "found an error in it",
    "CE": "found an error in it",
    "AR": "rejected it",
    "CR": "rejected it",
}
_LONGEST_ANSWER = 1_000_000


class SendError(IsletscopeError):
    """A message that did not arrive, or that the receiver did not take."""


@dataclass(frozen=True)
class Acknowledged:
    """The receiver took the message. ``tries``: how often it was sent until it answered."""

    code: str
    text: str
    tries: int


def parse_place(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an IPv6 address stands in brackets. Raises InputError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError("is no place to send to", subject="--mllp", found=text, expected="HOST:PORT")
    return host.strip("[]"), int(port)


def send_mllp(message: str, host: str, port: int, *, timeout_s: float = 30.0, tries: int = 3) -> Acknowledged:
    """Send one message and wait for its acknowledgement.

    Sent again only while nothing was acknowledged (no connection, no answer in time, an answer cut short): a receiver
    knows the repeat by its control identifier (MSH-10). Raises SendError when the receiver reports an error (AE), or
    rejects the message (AR), which no repeat would change; when it answers to another message; or after ``tries``.
    """
    if tries < 1:
        raise InputError("is sent at least once", subject="tries", found=str(tries))
    control = str(hl7.parse(message).segment("MSH")[10])
    place = f"{host}:{port}"
    problem = ""
    for number in range(1, tries + 1):
        try:
            answer = _exchange(message, host, port, timeout_s)
        except OSError as error:
            problem = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            continue
        return _judged(answer, control, place, number)
    raise SendError(
        "took no message: nothing was acknowledged",
        subject=place,
        found=f"{problem}, {tries} {'try' if tries == 1 else 'tries'}",
        remedy="Check host and port, and that the receiver is running; then send again.",
    )


def _exchange(message: str, host: str, port: int, timeout_s: float) -> str:
    """The receiver's answer. Raises OSError when there is none, or no whole one."""
    with socket.create_connection((host, port), timeout=timeout_s) as line:
        line.sendall(START + message.encode("utf-8") + END)
        answer = b""
        while not answer.endswith(END):
            part = line.recv(65536)
            if not part or len(answer) > _LONGEST_ANSWER:
                raise ConnectionError("the line was closed before a whole answer")
            answer += part
    return answer.removeprefix(START).removesuffix(END).decode("utf-8", errors="replace")


def _judged(answer: str, control: str, place: str, tries: int) -> Acknowledged:
    """Raises SendError unless the answer takes this very message."""
    try:
        told = hl7.parse(answer).segment("MSA")
        code, answered = str(told[1]), str(told[2])
    except (hl7.HL7Exception, KeyError, IndexError) as error:
        raise SendError("answered in no known form", subject=place, found=answer[:80], expected="MSA") from error
    text = str(told[3]) if len(told) > 3 else ""
    if answered != control:
        raise SendError("answered to another message", subject=place, found=answered, expected=control)
    if code not in _ACCEPTED:
        said = _WORDS.get(code, "answered with a code that is not known")
        raise SendError(
            f"received the message and {said} ({code})",
            subject=place,
            found=text or "no reason given",
            remedy="Mend what the receiver names; sending the same message again changes nothing.",
        )
    return Acknowledged(code, text, tries)
