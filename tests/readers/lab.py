"""Uses the mailboxes of a lab as any program would: Python's own clients, certificates verified.

lab.py FOLDER submit|submit-implicit FROM TO SUBJECT
lab.py FOLDER find imap|pop3 ACCOUNT KIND...   (waits until the mailbox holds just these)

FOLDER holds ca.pem and ports.json. The password of anna@alfa.test is parola-di-anna.
"""

import email
import email.message
import email.utils
import imaplib
import json
import pathlib
import poplib
import smtplib
import ssl
import sys
import time

folder = pathlib.Path(sys.argv[1])
trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
ports = json.loads((folder / "ports.json").read_text())


def port(address, service):
    return ports[f"{address.split('@')[1].split('.')[0]} {service}"]


def password(address):
    return f"parola-di-{address.split('@')[0]}"


def submit(sender, to, subject, implicit):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = email.utils.formatdate()
    message["Message-ID"] = email.utils.make_msgid()
    message.set_content("Una prova.\n")
    if implicit:
        client = smtplib.SMTP_SSL("localhost", port(sender, "Submissions"), context=trust)
    else:
        client = smtplib.SMTP("127.0.0.1", port(sender, "Submission"))
        client.starttls(context=trust)
    with client:
        client.login(sender, password(sender))
        client.send_message(message)


def over_imap(account):
    with imaplib.IMAP4_SSL("127.0.0.1", port(account, "Imap"), ssl_context=trust) as client:
        client.login(account, password(account))
        client.select("INBOX", readonly=True)
        numbers = client.search(None, "ALL")[1][0].split()
        return [client.fetch(number, "(RFC822)")[1][0][1] for number in numbers]


def over_pop3(account):
    client = poplib.POP3_SSL("localhost", port(account, "Pop3"), context=trust)
    client.user(account)
    client.pass_(password(account))
    count = client.stat()[0]
    messages = [b"\r\n".join(client.retr(number)[1]) for number in range(1, count + 1)]
    client.quit()
    return messages


def kind(octets):
    message = email.message_from_bytes(octets)
    return message["X-Ricevuta"] or message["X-Trasporto"] or "ordinary"


def find(look, account, kinds):
    deadline = time.monotonic() + 60
    while True:
        found = sorted(map(kind, look(account)))
        if found == sorted(kinds):
            return
        if time.monotonic() > deadline:
            sys.exit(f"{account} holds {found}; expected {sorted(kinds)}")
        time.sleep(0.2)


match sys.argv[2:]:
    case ["submit", sender, to, subject]:
        submit(sender, to, subject, implicit=False)
    case ["submit-implicit", sender, to, subject]:
        submit(sender, to, subject, implicit=True)
    case ["find", protocol, account, *kinds]:
        find({"imap": over_imap, "pop3": over_pop3}[protocol], account, kinds)
    case _:
        sys.exit(__doc__)
