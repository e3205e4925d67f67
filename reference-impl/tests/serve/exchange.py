"""Submits over both ports of alfa.test and reads what came of it, with the standard library alone.

Arguments: authority, ports of submission, submissions, IMAP (alfa) and POP3 (beta), passwords of anna and bruno.
"""
import imaplib
import poplib
import smtplib
import ssl
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

authority, submission, submissions, imap, pop3, anna, bruno = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)


def message(subject):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "anna@alfa.test", "bruno@beta.test", subject
    made.set_content("Perché no?\n.\n.punto\n")
    return made


with smtplib.SMTP("localhost", int(submission), timeout=60) as client:
    client.starttls(context=tls)
    client.login("anna@alfa.test", anna)
    client.send_message(message("STARTTLS"))
with smtplib.SMTP_SSL("localhost", int(submissions), context=tls, timeout=60) as client:
    client.login("anna@alfa.test", anna)
    client.send_message(message("TLS"))


def kind(octets):
    read = message_from_bytes(octets, policy=policy.default)
    return read["X-Ricevuta"] or read["X-Trasporto"]


def in_anna():
    with imaplib.IMAP4_SSL("localhost", int(imap), ssl_context=tls, timeout=60) as client:
        client.login("anna@alfa.test", anna)
        client.select("INBOX")
        numbers = client.search(None, "ALL")[1][0].split()
        return [kind(client.fetch(number, "(RFC822)")[1][0][1]) for number in numbers]


def in_bruno():
    client = poplib.POP3_SSL("localhost", int(pop3), context=tls, timeout=60)
    client.user("bruno@beta.test")
    client.pass_(bruno)
    count = client.stat()[0]
    kinds = [kind(b"\r\n".join(client.retr(n + 1)[1])) for n in range(count)]
    client.quit()
    return kinds


for _ in range(600):
    if len(in_anna()) >= 4:
        break
    time.sleep(0.1)
print(" ".join(sorted(in_anna())) + "; " + " ".join(in_bruno()))
