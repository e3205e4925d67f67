"""Holds the golden set's descriptions against Python's own readers.

Takes the set's folder; prints one JSON object: how many right messages were read, and for each that differs what it says
and what the description wants. Writes each certification data file beside its message (`.daticert.xml`), for xmllint.
Knows nothing of our code.
"""

import datetime
import email
import email.policy
import email.utils
import hashlib
import json
import pathlib
import sys
import xml.etree.ElementTree as etree

ZONES = {"+0100": "+01:00", "+0200": "+02:00"}


def signed_parts(message):
    content = message.get_payload(0)
    assert content.get_content_type() == "multipart/mixed", content.get_content_type()
    return content.get_payload()


def own_parts(message):
    """The provider's own parts: what a user wrote is not entered."""
    yield message
    if message.is_multipart() and message.get_content_type() != "message/rfc822":
        for part in message.get_payload():
            yield from own_parts(part)


def daticert(path, parts):
    for part in parts:
        if part.get_filename() == "daticert.xml":
            octets = part.get_payload(decode=True)
            path.with_suffix(".daticert.xml").write_bytes(octets)
            return etree.fromstring(octets)
    return None


def certified(xml):
    text = lambda name: xml.findtext(f".//{name}")
    data, receipt = xml.find(".//data"), xml.find(".//ricevuta")
    day, month, year = data.findtext("giorno").split("/")
    said = {
        "kind": xml.get("tipo"),
        "errore": xml.get("errore", "nessuno"),
        "sender": text("mittente"),
        "recipients": [
            {"address": each.text, "type": each.get("tipo", "certificato")} for each in xml.iter("destinatari")
        ],
        "reply_to": text("risposte"),
        "subject": text("oggetto"),
        "identificativo": text("identificativo"),
        "date": f"{year}-{month}-{day}T{data.findtext('ora')}{ZONES[data.get('zona')]}",
        "form_requested": None if receipt is None else receipt.get("tipo"),
        "ricezione": [each.text for each in xml.iter("ricezione")],
        "msgid": text("msgid"),
        "consegna": text("consegna"),
        "errore_esteso": text("errore-esteso"),
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


def attached(parts):
    """The attached message's part."""
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            return part
    return None


def hashes(message):
    found = []
    for part in message.walk():
        name = part.get_filename() or ""
        if name.endswith(".hash"):
            found.append({"name": name, "sha1": part.get_payload(decode=True).decode().strip()})
    return found


def read(path):
    raw = path.read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = signed_parts(message)
    xml = daticert(path, parts)
    said = certified(xml) if xml is not None else {"kind": "anomalia"}
    display, address = email.utils.parseaddr(str(message["From"]))
    said["header"] = {"from": address, "subject": str(message["Subject"]).strip()}
    said["display_name"] = display
    said["to"] = str(message["To"])
    said["message_id"] = message["Message-ID"]
    said["reference"] = message["X-Riferimento-Message-ID"]
    said["instant"] = email.utils.parsedate_to_datetime(str(message["Date"])).timestamp()
    said["defects"] = [repr(defect) for part in own_parts(message) for defect in part.defects]
    said["attached"] = attached(parts)
    first = parts[0]
    plain = first if first.get_content_type() == "text/plain" else first.get_body(("plain",))
    said["text"] = plain.get_content()
    return raw, said


def differences(path):
    want = json.loads(path.with_suffix(".json").read_text())
    raw, said = read(path)
    found = []

    def same(name, got, wanted):
        if got != wanted:
            found.append(f"{name}: read {got!r}, described {wanted!r}")

    same("defects", said["defects"], [])
    same("kind", said["kind"], want["kind"])
    same("from", said["header"]["from"], want["header"]["from"])
    same("subject", said["header"]["subject"], want["header"]["subject"])
    if "display_name" in want["header"]:
        same("display name", said["display_name"], want["header"]["display_name"])
    if "to" in want["header"]:
        same("to", said["to"], want["header"]["to"])
    if "message_id" in want["header"]:
        same("Message-ID", said["message_id"], want["header"]["message_id"])
    same("Date", said["instant"], datetime.datetime.fromisoformat(want["date"]).timestamp())
    if want["kind"] != "anomalia":
        for name in ("errore", "errore_esteso", "sender", "recipients", "reply_to", "subject", "identificativo",
                     "msgid", "date", "form_requested", "consegna", "ricezione"):
            same(name, said.get(name), want.get(name) or None)
        same("reference", said["reference"], want.get("msgid"))
        if (want.get("subject") or "").isascii() and want.get("subject"):
            same("subject in text", want["subject"] in said["text"], True)
    if want.get("notice_hours") is not None:
        same("hours in text", f"({want['notice_hours']} ore)" in said["text"], True)
    same("attached", said["attached"] is not None, want["attached"] is not None)
    if want["attached"]:
        part = said["attached"]
        same("name", part.get_filename(), want["attached"]["name"])
        same("hashes", hashes(part), want["attached"].get("hashes", []))
        same("octets", want["attached"]["sha256"] in sums(raw, want["attached"]["octets"]), True)
    return found


def sums(raw, octets):
    """Hashes of every run of so many octets that begins behind an empty line: one of them is the attached message's."""
    at = raw.find(b"\r\n\r\n")
    while at >= 0:
        yield hashlib.sha256(raw[at + 4 : at + 4 + octets]).hexdigest()
        at = raw.find(b"\r\n\r\n", at + 1)


folder = pathlib.Path(sys.argv[1])
paths = sorted(path for name in ("right", "enclosing") for path in (folder / name).rglob("*.eml"))
differing = {}
for path in paths:
    try:
        if found := differences(path):
            differing[str(path.relative_to(folder))] = found
    except Exception as error:
        differing[str(path.relative_to(folder))] = [f"not readable: {error!r}"]
print(json.dumps({"read": len(paths), "differing": differing}))
