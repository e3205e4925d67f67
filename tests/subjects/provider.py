#!/usr/bin/env python3
"""A small provider of certified mail, written from RFC 6109 alone: provider.py DIR [FAULT], as DIR/provider.json says.

It goes the plain way of a message: submission, acceptance receipt or notice of non-acceptance, envelope, take-charge
receipt, delivery receipt or notice of non-delivery, receipts filed. It has no timers, no scanner, no anomaly envelope,
no brief receipt. A fault is a mistake that it makes where its name is given; faults.toml lists them.
"""

import base64, email.header, email.utils, hashlib, json, os, re, smtplib, ssl, subprocess, sys, threading, time, uuid
import xml.etree.ElementTree as xml
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import smtp

os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"  # legal time in Italy
time.tzset()
DIR, FAULT = Path(sys.argv[1]), "".join(sys.argv[2:])
CONFIG = json.loads((DIR / "provider.json").read_text())
DOMAIN, NAME, USERS = CONFIG["domain"], CONFIG["name"], CONFIG["users"]
MINE, SEEN = f"posta-certificata@{DOMAIN}", set()

# What each kind says: the prefix of its Subject, its title, and what became of the message (RFC 6109, 3).
KINDS = {
    "accettazione": ("ACCETTAZIONE", "Ricevuta di accettazione", "è stato accettato dal sistema ed inoltrato."),
    "non-accettazione": (
        "AVVISO DI NON ACCETTAZIONE", "Errore nell'accettazione del messaggio",
        "ha un problema che ne impedisce l'accettazione: {why}.\nIl messaggio non è stato accettato."),
    "posta-certificata": (
        "POSTA CERTIFICATA", "Messaggio di posta certificata",
        "è stato inviato.\nIl messaggio originale è incluso in allegato."),
    "presa-in-carico": ("PRESA IN CARICO", "Ricevuta di presa in carico", "è stato accettato dal sistema."),
    "avvenuta-consegna": (
        "CONSEGNA", "Ricevuta di avvenuta consegna", "è stato consegnato nella casella di destinazione."),
    "errore-consegna": (
        "AVVISO DI MANCATA CONSEGNA", "Avviso di mancata consegna",
        "ha incontrato un errore: {why}.\nIl messaggio è stato rifiutato dal sistema."),
}
SORTS = {"certificato": "posta certificata", "esterno": "posta ordinaria"}


def openssl(*args, given=None):
    return subprocess.run(["openssl", *map(str, args)], input=given, capture_output=True, check=True).stdout


# Messages are texts of one character for each octet, with CRLF.


def field(message, name):
    """The value of a field as it stands, folds and all; None where there is none."""
    header = message.split("\r\n\r\n")[0] + "\r\n"
    found = re.search(rf"(?im)^{name}:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r$", header)
    return found and found[1]


def addresses(message, name):
    return [address.lower() for _, address in email.utils.getaddresses([field(message, name) or ""])]


def readable(value):
    return value and str(email.header.make_header(email.header.decode_header(value.replace("\r\n", ""))))


def part(kind, name, octets):
    named = f'; name="{name}"' if name else ""
    placed = f'Content-Disposition: attachment; filename="{name}"\r\n' if name else ""
    encoded = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    return f"Content-Type: {kind}{named}\r\nContent-Transfer-Encoding: base64\r\n{placed}\r\n{encoded}"


def enclosed(message):
    bits = "7bit" if message.isascii() else "8bit"
    return (
        f'Content-Type: message/rfc822; name="postacert.eml"\r\nContent-Transfer-Encoding: {bits}\r\n'
        f'Content-Disposition: attachment; filename="postacert.eml"\r\n\r\n{message}')


def multipart(kind, parts):
    boundary = uuid.uuid4().hex
    between = "".join(f"--{boundary}\r\n{one}\r\n" for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{between}--{boundary}--\r\n'


def sealed(content):
    """Under a signature that stands beside it (RFC 6109, 2.1)."""
    form = ["-binary", "-md", "sha256", "-outform", "DER", "-certfile", DIR / "ca.pem"]
    signer = ["-signer", DIR / "signing.pem", "-inkey", DIR / "signing.key"]
    made = openssl("cms", "-sign", *form, *signer, given=content.encode("latin-1"))
    kind = 'signed; protocol="application/x-pkcs7-signature"; micalg=sha-256'
    return multipart(kind, [content, part("application/x-pkcs7-signature", "smime.p7s", made)])


def certification(kind, facts, now, error, at, taken, why):
    """daticert.xml, in the order of its definition (RFC 6109, 4.4)."""
    def element(name, value, attribute=""):
        return "" if value is None else f"<{name}{attribute}>{escape(value)}</{name}>"

    header = element("mittente", facts["from"])
    header += "".join(element("destinatari", one, f' tipo="{sort}"') for one, sort in facts["to"])
    header += "" if FAULT == "no-reply-address" else element("risposte", facts["reply"])
    header += element("oggetto", readable(facts["subject"]))
    zone = "+0000" if FAULT == "wrong-zone" else f"{now:%z}"
    data = element("gestore-emittente", NAME)
    data += f'<data zona="{zone}"><giorno>{now:%d/%m/%Y}</giorno><ora>{now:%H:%M:%S}</ora></data>'
    data += element("identificativo", facts["id"]) + element("msgid", facts["msgid"])
    data += f'<ricevuta tipo="{facts["form"]}"/>' if kind in ("posta-certificata", "avvenuta-consegna") else ""
    data += element("consegna", at) + "".join(element("ricezione", one) for one in taken)
    data += element("errore-esteso", why)
    body = f"<intestazione>{header}</intestazione><dati>{data}</dati>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="{kind}" errore="{error}">{body}</postacert>\n'


def issued(kind, facts, now, to, original=None, error="nessuno", at=None, taken=(), why=None):
    """A receipt or notice to somebody, or an envelope of the original."""
    prefix, title, became = KINDS[kind]
    prefix = "RICEVUTA DI ACCETTAZIONE" if FAULT == "wrong-prefix" and kind == "accettazione" else prefix
    sort = {one: f' ("{SORTS[sort]}")' if kind == "accettazione" else "" for one, sort in facts["to"]}
    whom = "".join(f"{one}{sort.get(one, '')}\n" for one in ([at] if at else taken or sort))
    text = (
        f'{title}\nIl giorno {now:%d/%m/%Y} alle ore {now:%H:%M:%S} ({now:%z}) il messaggio\n'
        f'"{readable(facts["subject"]) or ""}" proveniente da "{facts["from"]}"\ned indirizzato a:\n{whom}'
        f'{became.format(why=why)}\nIdentificativo messaggio: {facts["id"]}\n')
    data = certification(kind, facts, now, error, at, taken, why)
    parts = [part("text/plain; charset=iso-8859-1", "", text.encode("iso-8859-1", "replace"))]
    parts += [part("application/xml", "daticert.xml", data.encode())] + ([enclosed(original)] if original else [])
    content = multipart("mixed", parts)
    reference = None if FAULT == "no-reference" and kind == "avvenuta-consegna" else facts["msgid"]
    head = {"Date": email.utils.format_datetime(now), "Subject": f"{prefix}: {facts['subject'] or ''}"}
    head |= {"X-Riferimento-Message-ID": reference}
    if kind == "posta-certificata":
        author = f'"Per conto di: {facts["from"]}" <{MINE}>'
        head |= {"X-Trasporto": kind, "X-TipoRicevuta": facts["form"], "Message-ID": f"<{facts['id']}>"}
        head |= {"From": author, "Sender": author, "Reply-To": field(original, "Reply-To") or facts["from"]}
        head |= {name: field(original, name) for name in ("Received", "Return-Path", "To", "Cc")}
    else:
        author = f"no-reply@{DOMAIN}" if FAULT == "other-from" else MINE
        head |= {"X-Ricevuta": kind, "Message-ID": f"<{uuid.uuid4().hex}@{DOMAIN}>", "From": author, "To": to}
    fields = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
    unsigned = FAULT == "unsigned" and kind == "accettazione"
    return f"{fields}MIME-Version: 1.0\r\n{content if unsigned else sealed(content)}"


def objection(message, sender, recipients):
    """What the formal checks find wrong with a submission (RFC 6109, 3.1.1)."""
    to, cc = addresses(message, "To"), addresses(message, "Cc")
    checks = {
        "il campo From non ha il mittente": addresses(message, "From") == [sender],
        "il campo To non ha destinatari": to and all("@" in one for one in to),
        "un destinatario non compare in To o Cc": set(recipients) <= {*to, *cc},
        "il campo Bcc non è vuoto": not field(message, "Bcc") or FAULT == "bcc",
        "il messaggio è troppo grande": len(message) * len(recipients) <= 30_000_000,
    }
    return next((wrong for wrong, right in checks.items() if not right), None)


def submit(sender, recipients, message):
    """The access point (RFC 6109, 3.1)."""
    now, identifier, msgid = datetime.now().astimezone(), f"{uuid.uuid4().hex}@{DOMAIN}", field(message, "Message-ID")
    sorts = [(one, "certificato" if one.split("@")[1] in DOMAINS else "esterno") for one in recipients]
    facts = {"from": sender, "to": sorts, "subject": field(message, "Subject"), "id": identifier, "msgid": msgid}
    facts |= {"reply": readable(field(message, "Reply-To")) or sender}
    facts |= {"form": (field(message, "X-TipoRicevuta") or "completa").lower()}
    if why := objection(message, sender, recipients):
        store(sender, issued("non-accettazione", facts, now, sender, error="altro", why=why))
        return "250 2.0.0 a notice says why it is not accepted"
    kept = re.sub(r"(?i)\A((?:[^\r\n]+\r\n)*?)Message-ID:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", r"\1", message)
    own = f"Message-ID: <{identifier}>\r\n" + (f"X-Riferimento-Message-ID: {msgid}\r\n" if msgid else "")
    own += f"X-Virus-Scanned: mx.{DOMAIN}\r\n" if FAULT == "altered-original" else ""
    envelope = issued("posta-certificata", facts, now, None, own + kept)
    store(sender, issued("accettazione", facts, now, sender))
    for domain in sorted({one.split("@")[1] for one in recipients}):
        there = [one for one in recipients if one.endswith("@" + domain)]
        way = (deliver, sender, there, envelope, None) if domain == DOMAIN else (relay, sender, there, envelope)
        threading.Thread(target=way[0], args=way[1:]).start()
    return "250 2.0.0 accepted"


def relay(sender, recipients, message):
    """Hands a message to another provider, under TLS; tries again for a while."""
    host, port = CONFIG["routes"][recipients[0].split("@")[1]]
    bits = [] if message.isascii() else ["BODY=8BITMIME"]
    for _ in range(60):
        try:
            with smtplib.SMTP(host, port, f"mx.{DOMAIN}", timeout=30) as peer:
                peer.starttls(context=OTHERS)
                return peer.sendmail(sender, recipients, message.encode("latin-1"), bits)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError):
            return  # for good; what is put off for now does not come up here
        except OSError:
            time.sleep(1)


def receive(sender, recipients, message):
    """The reception point (RFC 6109, 2.2.2): certified mail that another provider brings, and nothing else."""
    provider = signer(message)
    if not provider or addresses(message, "From")[0].split("@")[1] not in provider["domains"]:
        return "550 5.7.1 only certified mail is taken here"
    once = hashlib.sha256(message.encode("latin-1")).digest()
    fresh = [one for one in recipients if (once, one) not in SEEN]
    SEEN.update((once, one) for one in fresh)
    if fresh and field(message, "X-Trasporto") == "posta-certificata":
        threading.Thread(target=deliver, args=(sender, fresh, message, provider)).start()
    else:
        [store(one, message) for one in fresh]
    return "250 2.0.0 taken"


def signer(message):
    """The record of the index whose certificate signed a message; None where there is none, or the signature is bad."""
    shown = DIR / f"{uuid.uuid4().hex}.pem"
    trust = ["-crl_check", "-purpose", "any", "-CAfile", DIR / "trusted.pem"]
    try:
        openssl("cms", "-verify", *trust, "-signer", shown, "-out", os.devnull, given=message.encode("latin-1"))
        return SIGNERS.get(hashlib.sha1(ssl.PEM_cert_to_DER_cert(shown.read_text())).hexdigest())
    except subprocess.CalledProcessError:
        return None
    finally:
        shown.unlink(missing_ok=True)


def deliver(sender, recipients, envelope, provider):
    """Takes charge of an envelope, where another provider brought it, and delivers it (RFC 6109, 3.2.1 and 3.3)."""
    now, parts = datetime.now().astimezone(), {}
    for one in email.message_from_bytes(envelope.encode("latin-1")).get_payload(0).get_payload():
        parts[one.get_content_type()] = one
    data = xml.fromstring(parts["application/xml"].get_payload(decode=True))
    original = envelope[envelope.index("\r\n\r\n", envelope.lower().index("message/rfc822")) + 4:]
    original = original[:original.index("\r\n--" + boundary_of(envelope))]
    facts = {"to": [(one.text, one.get("tipo", "certificato")) for one in data.iter("destinatari")]}
    facts |= {"from": data.findtext(".//mittente"), "reply": data.findtext(".//risposte") or ""}
    facts |= {"subject": field(original, "Subject"), "id": data.findtext(".//identificativo")}
    facts |= {"msgid": data.findtext(".//msgid"), "form": data.find(".//ricevuta").get("tipo")}
    if provider:
        to = sender if FAULT == "take-charge-to-user" else provider["mailbox"]
        send(to, issued("presa-in-carico", facts, now, to, taken=recipients))
    for one in recipients:
        unknown, full = one not in USERS, one in USERS and USERS[one]["full"]
        if unknown or full and FAULT != "receipt-though-full":
            error, why = ("no-dest", "5.1.1 - {} - casella inesistente")
            if full:
                error, why = ("altro", "5.2.2 - {} - casella piena")
            send(sender, issued("errore-consegna", facts, now, sender, None, error, one, why=why.format(NAME)))
            continue
        store(one, envelope)
        primary = one in addresses(original, "To") or one not in addresses(original, "Cc")
        whole = original if primary and facts["form"] == "completa" else None
        send(sender, issued("avvenuta-consegna", facts, now, sender, whole, at=one))


def boundary_of(envelope):
    """That of the signed content, the multipart/mixed."""
    return re.search(r'multipart/mixed;\s*(?:[^\r\n;]*;\s*)*?boundary="?([^"\s;]+)', envelope, re.I)[1]


def send(to, message):
    """A receipt goes to whom it is for, here or elsewhere."""
    store(to, message) if to.endswith("@" + DOMAIN) else relay(MINE, [to], message)


def store(address, message):
    """Puts a message in a mailbox, a Maildir, where there is one with room."""
    if address in USERS and not USERS[address]["full"]:
        folder, name = Path(CONFIG["maildir"]) / address.split("@")[0], f"{time.time_ns()}.{uuid.uuid4().hex}"
        (folder / "tmp" / name).write_bytes(message.encode("latin-1"))
        (folder / "tmp" / name).rename(folder / "new" / name)


def index():
    """The provider index (RFC 6109, 4.5): records by the hash of their certificates, and by domain."""
    ldif = openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", CONFIG["index"]).decode()
    signers, domains = {}, {}
    for record in ldif.replace("\r\n", "\n").replace("\n ", "").split("\n\n"):
        values = lambda name: [value.lower() for value in re.findall(rf"(?im)^{name}: *(.*)$", record)]
        entry = {"domains": values("managedDomains"), "mailbox": "".join(values("mailReceipt"))}
        domains |= {one: entry for one in entry["domains"]}
        signers |= {one: entry for one in values("providerCertificateHash")}
    return signers, domains


SIGNERS, DOMAINS = index()
revoked = openssl("crl", "-inform", "DER", "-in", CONFIG["crl"])
(DIR / "trusted.pem").write_bytes(Path(CONFIG["authority"]).read_bytes() + revoked)
OWN, OTHERS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=CONFIG["tls authority"])
OWN.minimum_version, OTHERS.check_hostname = ssl.TLSVersion.TLSv1_2, False
OWN.load_cert_chain(DIR / "tls.pem", DIR / "tls.key")
password_of = lambda user: USERS[user]["password"] if user in USERS else None
smtp.serve(CONFIG["submission"], f"mx.{DOMAIN}", OWN, password_of, submit)
smtp.serve(CONFIG["relay"], f"mx.{DOMAIN}", OWN, None, receive)
print("ready", flush=True)
threading.Event().wait()
