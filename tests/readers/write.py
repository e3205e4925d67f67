"""Writes one message as a program with Python's email package would, in the folder given."""

import email.message
import email.policy
import pathlib
import sys

message = email.message.EmailMessage(policy=email.policy.SMTP)
message["From"] = "Anna Bianchi <anna@alfa.test>"
message["To"] = "Bruno Però <bruno@beta.test>"
message["Subject"] = "Perché no? Una prova con àccenti e un oggetto che si allunga oltre la riga, più volte, senza fine"
message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
message["Message-ID"] = "<python.1@client.alfa.test>"
message.set_content("Caro Bruno,\n\n.una riga che comincia con un punto\nFrom la riga che non si tocca\n\nAnna è qui.\n")
message.add_alternative("<p>Caro <b>Bruno</b>, Anna &egrave; qui.</p>\n", subtype="html")
message.add_attachment(bytes(range(256)) * 9, maintype="application", subtype="octet-stream", filename="dàti.bin")
pathlib.Path(sys.argv[1], "python.eml").write_bytes(message.as_bytes())
