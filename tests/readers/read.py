"""Reads every .eml of a folder with Python's own email package, and says what it found, one JSON object in all.

Writes each certification data file that it finds beside its message, for xmllint. Knows nothing of our code.
"""

import email
import email.policy
import json
import pathlib
import sys


def read(path):
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    said = {
        "kind": message["X-Ricevuta"] or message["X-Trasporto"],
        "type": message.get_content_type(),
        "defects": [repr(d) for part in parts(message) for d in part.defects],
        "text": None,
        "daticert": None,
        "original": False,
    }
    signed = message.get_payload(0)
    for part in signed.get_payload():
        if part.get_content_type() in ("text/plain", "multipart/alternative") and said["text"] is None:
            body = part if part.get_content_type() == "text/plain" else part.get_body(("plain",))
            said["text"] = body.get_content()
        elif part.get_filename() == "daticert.xml":
            beside = path.with_suffix(".xml")
            beside.write_bytes(part.get_payload(decode=True))
            said["daticert"] = beside.name
        elif part.get_filename() == "postacert.eml":
            said["original"] = part.get_content_type() == "message/rfc822"
    return said


def parts(message):
    """The provider's own parts: what a user wrote is not entered."""
    yield message
    if message.is_multipart() and message.get_content_type() != "message/rfc822":
        for part in message.get_payload():
            yield from parts(part)


folder = pathlib.Path(sys.argv[1])
print(json.dumps({path.name: read(path) for path in sorted(folder.glob("*.eml"))}))
