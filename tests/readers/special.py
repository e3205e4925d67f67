"""Writes to every special address of a lab, lets time pass, and looks whether each brought what it promises.

special.py READY MESSAGES   (READY: a file with the object that `collaudo lab --format json` printed; MESSAGES: a folder for
what crossed)

Knows nothing of the lab but that object and its API: Python's own clients, certificates verified. Exits with a message at the
first promise that was not kept.
"""

import email
import email.header
import email.message
import email.utils
import imaplib
import json
import pathlib
import smtplib
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ready = json.loads(pathlib.Path(sys.argv[1]).read_text())
trust = ssl.create_default_context(cafile=ready["ca"])
alfa, beta, gamma = (provider for provider in ready["providers"] if provider["users"])
passwords = {user["address"]: user["password"] for provider in ready["providers"] for user in provider["users"]}
sender = alfa["users"][0]["address"]


def provider_of(address):
    return next(p for p in ready["providers"] if address.endswith("@" + p["domain"]))


def api(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ready["api"] + path, data, method=method or ("POST" if body is not None else "GET"))
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        octets = answer.read()
        return json.loads(octets) if answer.headers["Content-Type"] == "application/json" else octets


def submit(to, headers=(), account=sender):
    """Gives the message's identifier; raises what smtplib raises where it is refused."""
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = account, to, f"Prova per {to}"
    message["Date"] = email.utils.formatdate()
    message["Message-ID"] = email.utils.make_msgid()
    for name, value in headers:
        message[name] = value
    message.set_content("Una prova.\n")
    at = provider_of(account)["submission"]
    assert at["tls"] == "starttls", at
    with smtplib.SMTP(at["host"], at["port"]) as client:
        client.starttls(context=trust)
        client.login(account, passwords[account])
        client.send_message(message)
    return message["Message-ID"]


def mailbox(address):
    at = provider_of(address)["imap"]
    assert at["tls"] == "implicit", at
    with imaplib.IMAP4_SSL(at["host"], at["port"], ssl_context=trust) as client:
        client.login(address, passwords[address])
        client.select("INBOX", readonly=True)
        numbers = client.search(None, "ALL")[1][0].split()
        return [email.message_from_bytes(client.fetch(number, "(RFC822)")[1][0][1]) for number in numbers]


def kind(message):
    return message["X-Ricevuta"] or {"errore": "anomalia"}.get(message["X-Trasporto"], message["X-Trasporto"]) or "ordinary"


def certification(message):
    parts = (part for part in message.walk() if (part.get_filename() or "").lower() == "daticert.xml")
    return next(parts).get_payload(decode=True).decode()


def brought(messages, identifier):
    return [message for message in messages if message["X-Riferimento-Message-ID"] == identifier]


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: found {found}; expected {expected}")


def refused(to, headers=(), account=sender):
    try:
        submit(to, headers, account)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error.decode()
    sys.exit(f"{to} with {headers} was accepted; expected a refusal")


def settle(seconds=60):
    """Time of the lab, not of this machine; returns when its network rests."""
    return api("/leap", {"hours": seconds / 3600})["now"]


def state():
    found = api("/state")
    expect("outcomes", len(found["outcomes"]), 8)
    expect("the authority", found["ca"], pathlib.Path(ready["ca"]).read_text())
    return found


def addresses(special):
    """Each special address, at another provider than the sender's, with what it promises."""
    for each in special:
        address = each["address"] + beta["domain"] if each["address"].endswith("@") else each["address"]
        yield address, each


def keep():
    """Every message that crossed since the last reset."""
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    for message in api("/messages")["messages"]:
        (folder / f"{message['sha256']}.eml").write_bytes(api(f"/messages/{message['sha256']}"))


def every_address_keeps_its_promise():
    sent = {address: (submit(address), each) for address, each in addresses(state()["special"])}
    expect("special addresses", len(sent), 8)
    begun = time.monotonic()
    settle()
    for address, (identifier, each) in sent.items():
        early = [kind(message) for message in brought(mailbox(sender), identifier)]
        late = [promised for promised in each["brings"] if promised == "preavviso-errore-consegna"]
        if not late:
            expect(f"{address} at once", early, each["brings"])
        else:
            expect(f"{address} at once", early, each["brings"][:1])
    for _ in range(30):
        settle(3600)
    messages = mailbox(sender)
    for address, (identifier, each) in sent.items():
        mine = brought(messages, identifier)
        expect(f"{address} after 30 h", [kind(message) for message in mine], each["brings"])
        for message in mine[1:]:
            assert f"<consegna>{address}</consegna>" in certification(message), (address, certification(message))
        if each["arrives"]:
            expect(f"in the mailbox {address}", [kind(message) for message in mailbox(address)], [each["arrives"]])
    names = [message["Message-ID"] for message in messages]
    expect("identifiers that are there twice", sorted({name for name in names if names.count(name) > 1}), [])
    virus = api("/messages?kind=rilevazione-virus")["messages"]
    expect("virus-detection notices", len(virus), 1)
    print(f"8 special addresses, 30 hours in {time.monotonic() - begun:.1f} s")


def the_header_asks_for_any_outcome():
    api("/reset", method="POST")
    expect("messages after a reset", api("/messages")["messages"], [])
    header = state()["header"]
    promises = {
        "mailbox-full": ["accettazione", "errore-consegna"],
        "no-such-user": ["accettazione", "errore-consegna"],
        "late": ["accettazione", "preavviso-errore-consegna", "avvenuta-consegna"],
        "silent": ["accettazione"] + ["preavviso-errore-consegna"] * 2,
        "virus": ["accettazione", "errore-consegna"],
        "anomaly": ["accettazione"] + ["preavviso-errore-consegna"] * 2,
        "non-acceptance": ["non-accettazione"],
        "virus-at-sender": ["non-accettazione"],
    }
    expect("outcomes", sorted(promises), sorted(state()["outcomes"]))
    person = gamma["users"][0]["address"]
    sent = {name: submit(person, [(header, name)]) for name in promises}
    plain = submit(person)
    for _ in range(30):
        settle(3600)
    messages = mailbox(sender)
    for name, promised in promises.items():
        mine = brought(messages, sent[name])
        expect(name, [kind(message) for message in mine], promised)
        for message in mine[1:]:
            assert f"<consegna>{person}</consegna>" in certification(message), (name, certification(message))
    expect("without the field", [kind(message) for message in brought(messages, plain)], ["accettazione", "avvenuta-consegna"])
    arrived = sorted(kind(message) for message in mailbox(person))
    expect(f"in the mailbox {person}", arrived, ["anomalia", "posta-certificata", "posta-certificata"])
    names = [message["Message-ID"] for message in messages]
    expect("identifiers that are there twice", sorted({name for name in names if names.count(name) > 1}), [])


def what_cannot_be_asked_is_refused_in_words():
    header = state()["header"]
    code, why = refused(gamma["users"][0]["address"], [(header, "ful")])
    assert code == 550 and "mailbox-full" in why, why
    code, why = refused("lenta@" + alfa["domain"])
    assert code == 550 and "another" in why, why
    code, why = refused(alfa["users"][1]["address"], [(header, "silent")])
    assert code == 550 and "another" in why, why


def the_sender_chooses_the_form_of_the_delivery_receipt():
    for form in ["completa", "breve", "sintetica"]:
        identifier = submit(gamma["users"][1]["address"], [("X-TipoRicevuta", form)])
        settle()
        receipt = brought(mailbox(sender), identifier)[-1]
        expect(form, kind(receipt), "avvenuta-consegna")
        assert f'<ricevuta tipo="{form}"' in certification(receipt), certification(receipt)


def answer_of(path, method="GET", body=None, headers=None):
    """The status and the octets, whatever they are; no redirect is followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(urllib.parse.urljoin(ready["page"], path), body, headers or {}, method=method)
    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def every_path_of_the_description_answers():
    document = api("/openapi.json")
    bodies = {
        "leap": {"hours": 0.01},
        "inject": {"account": sender, "to": [beta["users"][0]["address"]], "subject": "Dall'API è giunto"},
    }
    answered = api("/messages", {"from": "mario@esterno.example", "to": [sender], "subject": "Preventivo"})
    assert answered["reply"].startswith("250"), answered
    settle()
    expect("mail from outside", [kind(message) for message in mailbox(sender)][-1:], ["anomalia"])
    asked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = bodies.get(operation["operationId"])
            assert ("requestBody" in operation) == (body is not None), path
            known = api("/messages")["messages"]
            path_now = path.replace("{sha256}", known[0]["sha256"] if known else "")
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"} if data else {}
            status, octets = answer_of(path_now, method.upper(), data, headers)
            expect(f"{method} {path}", status, 200)
            schema = operation["responses"]["200"]["content"].get("application/json", {}).get("schema", {}).get("$ref")
            if schema:
                required = document["components"]["schemas"][schema.split("/")[-1]].get("required", [])
                missing = [name for name in required if name not in json.loads(octets)]
                expect(f"what {method} {path} lacks", missing, [])
            if operation["operationId"] == "reset":
                submit(beta["users"][0]["address"])
            asked += 1
    expect("operations", asked, 8)
    for path, method, body, expected in [
        ("/api/nothing", "GET", None, 404),
        ("/api/messages/00", "GET", None, 404),
        ("/api/leap", "GET", None, 405),
        ("/api/leap", "POST", b"{}", 400),
        ("/api/leap", "POST", b"{", 400),
        ("/api/leap", "POST", b'{"until":"2001-01-01T00:00:00Z"}', 400),
        ("/api/leap", "POST", b'{"hours":100000}', 400),
        ("/api/messages", "POST", b'{"account":"zeno@alfa.test","to":["bruno@beta.test"]}', 409),
        ("/api/messages", "POST", b'{"account":"anna@alfa.test","to":["x>\\r\\nDATA"]}', 400),
    ]:
        status, octets = answer_of(path, method, body, {"Content-Type": "application/json"} if body else {})
        expect(f"{method} {path} {body}", status, expected)
        assert json.loads(octets)["error"], path


def only_this_machine_s_pages_are_answered():
    page = ready["page"].rstrip("/")
    expect("a foreign host", answer_of("/", headers={"Host": "evil.example"})[0], 403)
    expect("a form from elsewhere", answer_of("/reset", "POST", b"", {"Origin": "http://evil.example"})[0], 403)
    expect("a form from nowhere", answer_of("/reset", "POST", b"")[0], 403)
    expect("the page's own form", answer_of("/leap", "POST", b"hours=1", {"Origin": page})[0], 303)
    expect("the page's own form", answer_of("/next", "POST", b"", {"Origin": page})[0], 303)
    status, octets = answer_of("/")
    text = octets.decode()
    expect("the page", status, 200)
    for told in ["piena@", "muta@muta.test", beta["domain"], "avvenuta-consegna", sender, passwords[sender]]:
        assert told in text, told
    assert "<script" not in text, "the page reads without scripts"
    status, octets = answer_of("/threads/1")
    expect("a sequence diagram", (status, b"<svg" in octets), (200, True))
    expect("a diagram of nothing", answer_of("/threads/99")[0], 404)


every_address_keeps_its_promise()
keep()
the_header_asks_for_any_outcome()
keep()
what_cannot_be_asked_is_refused_in_words()
the_sender_chooses_the_form_of_the_delivery_receipt()
every_path_of_the_description_answers()
only_this_machine_s_pages_are_answered()
