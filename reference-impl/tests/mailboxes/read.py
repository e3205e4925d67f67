"""Writes two messages, then reads, marks and removes; prints the SHA-256 of each message that IMAP gave."""

import hashlib
import imaplib
import poplib
import smtplib
import sys

submission, imap, pop3 = map(int, sys.argv[1:])
HOST = "127.0.0.1"
ANNA, CARLA = "anna@alfa.test", "carla@alfa.test"


def write(subject):
    with smtplib.SMTP(HOST, submission) as client:
        client.ehlo()
        client.login(ANNA, "segreto")
        text = f"From: {ANNA}\r\nTo: {CARLA}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n"
        client.sendmail(ANNA, [CARLA], text + "Date: Mon, 2 Mar 2026 11:00:00 +0100\r\n\r\n.punto\r\nciao\r\n")


def login(account=ANNA):
    box = imaplib.IMAP4(HOST, imap)
    assert "IDLE" in box.capabilities and "QUOTA" in box.capabilities
    box.login(account, "segreto")
    return box


def data(answer):
    status, lines = answer
    assert status == "OK", answer
    return lines


write("uno")
write("due")

# A wrong password, and a refusal in words.
box = imaplib.IMAP4(HOST, imap)
try:
    box.login(ANNA, "sbagliata")
    raise SystemExit("logged in with a wrong password")
except imaplib.IMAP4.error as refusal:
    assert "AUTHENTICATIONFAILED" in str(refusal)
box.authenticate("PLAIN", lambda _: f"\0{ANNA}\0segreto".encode())
assert any(b"INBOX" in line for line in data(box.list()))
assert box.select("Sent")[0] == "NO"
assert data(box.select("INBOX")) == [b"4"]
assert b"UIDNEXT 5" in data(box.status("INBOX", "(UIDNEXT MESSAGES)"))[0]
assert b"STORAGE" in data(box.getquotaroot("INBOX"))[1][0]
assert box.append("INBOX", "", None, b"Subject: x\r\n\r\n")[0] == "NO"
assert box.copy("1", "INBOX")[0] == "NO"

# Search by header, by flag, by number.
receipts = data(box.uid("SEARCH", None, "HEADER", "X-Ricevuta", "accettazione"))[0].split()
assert receipts == [b"1", b"3"], receipts
assert data(box.search(None, "SUBJECT", '"due"'))[0].split() == [b"3", b"4"]
assert data(box.search("UTF-8", "UNSEEN"))[0].split() == [b"1", b"2", b"3", b"4"]

# Parts and structure of a signed receipt.
structure = b"".join(part if isinstance(part, bytes) else b"".join(part) for part in data(box.fetch("1", "(BODYSTRUCTURE)")))
assert b'"signed"' in structure and b"daticert.xml" in structure, structure
envelope = data(box.fetch("1", "(ENVELOPE INTERNALDATE RFC822.SIZE FLAGS UID)"))[0]
assert b"posta-certificata" in envelope and b"\\Seen" not in envelope, envelope
header = data(box.fetch("1", "(BODY.PEEK[HEADER.FIELDS (X-Ricevuta)])"))[0][1]
assert header == b"X-Ricevuta: accettazione\r\n\r\n", header
assert data(box.fetch("1", "(BODY.PEEK[1.1.MIME])"))[0][1].lower().startswith(b"content-")

# Octets, by IMAP and by POP3.
bodies = []
for uid in (1, 2, 3, 4):
    whole = data(box.uid("FETCH", str(uid), "(BODY[])"))[0][1]
    halves = [data(box.uid("FETCH", str(uid), f"(BODY.PEEK[]<{at}>)"))[0][1] for at in ("0.1000", "1000.1000000")]
    assert b"".join(halves) == whole
    bodies.append(whole)
    print(hashlib.sha256(whole).hexdigest())
assert data(box.search(None, "SEEN"))[0].split() == [b"1", b"2", b"3", b"4"]
drop = poplib.POP3(HOST, pop3)
drop.user(ANNA)
drop.pass_("segreto")
assert drop.stat() == (4, sum(map(len, bodies)))
assert [line.split()[1] for line in drop.uidl()[1]] == [b"1", b"2", b"3", b"4"]
for number, body in enumerate(bodies, 1):
    assert b"\r\n".join(drop.retr(number)[1]) + b"\r\n" == body
assert b"X-Ricevuta: accettazione" in drop.top(1, 0)[1]
drop.dele(2)
drop.quit()

# What POP3 removed, IMAP is told; then flags and removals.
assert data(box.noop()) is not None
assert box.response("EXPUNGE")[1][-1] == b"2"
data(box.uid("STORE", "1", "+FLAGS", "(\\Flagged)"))
data(box.uid("STORE", "4", "+FLAGS.SILENT", "(\\Deleted)"))
assert data(box.expunge()) == [b"3"]

# A new message is told while idling.
box.send(b"i1 IDLE\r\n")
assert box.readline().startswith(b"+ ")
data(login(CARLA).select("INBOX", readonly=True))
write("tre")
assert box.readline() == b"* 3 EXISTS\r\n"
box.send(b"DONE\r\n")
while not box.readline().startswith(b"i1 OK"):
    pass
for uid in (5, 6):
    print(hashlib.sha256(data(box.uid("FETCH", str(uid), "(RFC822)"))[0][1]).hexdigest())
data(box.uid("STORE", "6", "+FLAGS", "(\\Deleted)"))
data(box.close())
box.logout()
