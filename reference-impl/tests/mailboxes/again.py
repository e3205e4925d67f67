"""Looks at the mailbox that read.py left, after a crash."""

import imaplib
import smtplib
import sys

submission, imap, _ = map(int, sys.argv[1:])
box = imaplib.IMAP4("127.0.0.1", imap)
box.login("anna@alfa.test", "segreto")
assert box.select("INBOX", readonly=True) == ("OK", [b"3"])
assert box.response("UIDVALIDITY")[1] == [b"1"]
status, flags = box.uid("FETCH", "1:*", "(FLAGS)")
told = [line.split(b"UID ")[1].split(b" ")[0] for line in flags]
assert told == [b"1", b"3", b"5"], flags
assert b"\\Flagged" in flags[0] and b"\\Seen" in flags[0] and b"\\Flagged" not in flags[1], flags
with smtplib.SMTP("127.0.0.1", submission) as client:
    client.login("anna@alfa.test", "segreto")
    text = "From: anna@alfa.test\r\nTo: carla@alfa.test\r\nSubject: quattro\r\nMessage-ID: <quattro@x>\r\n"
    client.sendmail("anna@alfa.test", ["carla@alfa.test"], text + "Date: Mon, 2 Mar 2026 11:00:00 +0100\r\n\r\nciao\r\n")
box.noop()
assert box.uid("SEARCH", None, "UID", "6:*")[1] == [b"7 8"]
