#!/usr/bin/env python3
"""A small provider of certified mail, written from RFC 6109 alone: provider.py DIR [FAULT], as DIR/provider.json says.

It goes the plain way of a message: no queue, timers, scanner, anomaly envelopes or brief receipts. A fault is a mistake
that it makes (faults.toml). Messages are texts of one character for each octet, with CRLF.
"""

import asyncio, contextlib, email, email.policy, functools, hashlib, html, json, mailbox, pathlib, re, smtplib, ssl
import subprocess, sys, threading, types, uuid
import xml.etree.ElementTree as xml

from aiosmtpd.controller import Controller

DIR, FAULT = pathlib.Path(sys.argv[1]), "".join(sys.argv[2:])
CONFIG = json.loads((DIR / "provider.json").read_text())
DOMAIN, NAME, PASSWORDS, FULL = (CONFIG[key] for key in ("domain", "name", "passwords", "full"))
MINE = f"posta-certificata@{DOMAIN}"

# The kinds (RFC 6109, 3): prefix of the Subject, and what became of the message.
KINDS = {
    "accettazione": ("ACCETTAZIONE", "è stato accettato dal sistema ed inoltrato."),
    "non-accettazione": ("AVVISO DI NON ACCETTAZIONE", "ha un problema che ne impedisce l'accettazione: {}."),
    "posta-certificata": ("POSTA CERTIFICATA", "è stato inviato; l'originale è incluso in allegato."),
    "presa-in-carico": ("PRESA IN CARICO", "è stato accettato dal sistema."),
    "avvenuta-consegna": ("CONSEGNA", "è stato consegnato nella casella di destinazione."),
    "errore-consegna": ("AVVISO DI MANCATA CONSEGNA", "ha incontrato un errore: {}."),
}
SORTS = {"certificato": ' ("posta certificata")', "esterno": ' ("posta ordinaria")'}
parsed = functools.partial(email.message_from_string, policy=email.policy.SMTP)
run = functools.partial(subprocess.run, capture_output=True, check=True, encoding="latin-1")


def addresses(message, name):
    return [one.addr_spec.lower() for field in message.get_all(name, []) for one in field.addresses]


def daticert(kind, facts, about, form, error, why):
    """The certification data, in the order of their definition (RFC 6109, 4.4)."""

    def element(name, value, attribute=""):
        return f"<{name}{attribute}>{html.escape(value, quote=False)}</{name}>" if value is not None else ""

    zone = "+0000" if FAULT == "wrong-zone" else f"{facts.now:%z}"
    header = element("mittente", facts.mittente)
    header += "".join(element("destinatari", one, f' tipo="{sort}"') for one, sort in facts.sorts.items())
    header += "" if FAULT == "no-reply-address" else element("risposte", facts.risposte)
    header += element("oggetto", facts.oggetto)
    data = element("gestore-emittente", NAME)
    data += f'<data zona="{zone}">{facts.now:<giorno>%d/%m/%Y</giorno><ora>%H:%M:%S</ora>}</data>'
    data += element("identificativo", facts.identificativo) + element("msgid", facts.msgid)
    data += f'<ricevuta tipo="{form}"/>' if form else ""
    data += "".join(element("ricezione" if kind == "presa-in-carico" else "consegna", one) for one in about)
    data += element("errore-esteso", why)
    body = re.sub("[\0-\x1f]", " ", f"<intestazione>{header}</intestazione><dati>{data}</dati>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="{kind}" errore="{error}">{body}</postacert>\n'


def issued(kind, facts, to, about=(), form=None, original=None, error="nessuno", why=None):
    """A receipt or notice about some, or the envelope, under a signature that stands beside it (RFC 6109, 2.1)."""
    prefix, became = KINDS[kind]
    prefix = "RICEVUTA DI ACCETTAZIONE" if FAULT == "wrong-prefix" and kind == "accettazione" else prefix
    named = [one + SORTS[sort] for one, sort in facts.sorts.items()] if kind == "accettazione" else about or facts.sorts
    text = [prefix, f"{facts.now:Il giorno %d/%m/%Y alle ore %H:%M:%S (%z)} il messaggio", f'"{facts.oggetto or ""}"']
    text += [f'proveniente da "{facts.mittente}"', "ed indirizzato a:", *named, became.format(why)]
    text += [f"Identificativo messaggio: {facts.identificativo}"]
    content = email.message.EmailMessage(email.policy.SMTP)
    content.set_content("\n".join(text).encode("latin-1", "replace").decode("latin-1"), charset="iso-8859-1")
    data = daticert(kind, facts, about, form, error, why)
    content.add_attachment(data.encode(), "application", "xml", filename="daticert.xml")
    if original:
        content.add_attachment(parsed(original), filename="postacert.eml")
        content.get_payload()[-1].set_payload(original)  # octet for octet
    reference = None if FAULT == "no-reference" and kind == "avvenuta-consegna" else facts.msgid
    subject = email.header.Header(f"{prefix}: {facts.oggetto or ''}").encode(linesep="\r\n")
    fields = {"Date": email.utils.format_datetime(facts.now), "Subject": subject, "X-Riferimento-Message-ID": reference}
    if kind == "posta-certificata":
        author, kept = f'"Per conto di: {facts.mittente}" <{MINE}>', ("received", "return-path", "to", "cc", "reply-to")
        fields |= {"X-Trasporto": kind, "X-TipoRicevuta": form, "Message-ID": f"<{facts.identificativo}>"}
        fields |= {"From": author, "Sender": author, "Reply-To": facts.mittente}
        fields |= {name.title(): value for name, value in parsed(original).raw_items() if name.lower() in kept}
    else:
        author = f"no-reply@{DOMAIN}" if FAULT == "other-from" else MINE
        fields |= {"X-Ricevuta": kind, "Message-ID": f"<{uuid.uuid4().hex}@{DOMAIN}>", "From": author, "To": to}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    if FAULT == "unsigned" and kind == "accettazione":
        return head + content.as_string()
    signer = ["-signer", DIR / "signing.pem", "-inkey", DIR / "signing.key", "-certfile", DIR / "ca.pem"]
    command = ["openssl", "cms", "-sign", "-binary", "-crlfeol", "-md", "sha256", *signer]
    return head + run(command, input=content.as_string()).stdout.replace("\n", "\r\n")


def submit(sender, recipients, message):
    """The access point (RFC 6109, 3.1)."""
    given, identifier = parsed(message), f"{uuid.uuid4().hex}@{DOMAIN}"
    facts = types.SimpleNamespace(now=email.utils.localtime(), mittente=sender, identificativo=identifier)
    facts.sorts = {one: "certificato" if one.partition("@")[2] in DOMAINS else "esterno" for one in recipients}
    facts.oggetto, facts.risposte, facts.msgid = given["Subject"], given["Reply-To"] or sender, given["Message-ID"]
    to, cc, size = addresses(given, "To"), addresses(given, "Cc"), len(message) * len(recipients)
    right = addresses(given, "From") == [sender] and to and {*recipients} <= {*to, *cc} and size <= 30_000_000
    if not right or given["Bcc"] and FAULT != "bcc":
        send(MINE, [sender], issued("non-accettazione", facts, sender, error="altro", why="formato non conforme"))
        return "250 2.0.0 a notice says why it is not accepted"
    original = re.sub("(?im)^Message-ID:", "X-Riferimento-Message-ID:", message, count=1) if facts.msgid else message
    original = f"X-Virus-Scanned: mx.{DOMAIN}\r\n{original}" if FAULT == "altered-original" else original
    original, form = f"Message-ID: <{identifier}>\r\n{original}", (given["X-TipoRicevuta"] or "completa").lower()
    envelope = issued("posta-certificata", facts, None, (), form, original)
    send(MINE, [sender], issued("accettazione", facts, sender))
    for domain in {one.partition("@")[2] for one in recipients}:
        there = [one for one in recipients if one.endswith(f"@{domain}")]
        threading.Thread(target=deliver if domain == DOMAIN else send, args=(sender, there, envelope)).start()
    return "250 2.0.0 accepted"


def receive(sender, recipients, message):
    """The reception point (RFC 6109, 2.2.2): certified mail that another provider brings, and nothing else."""
    trust = ["-crl_check", "-purpose", "any", "-CAfile", DIR / "trusted.pem"]
    command = ["openssl", "cms", "-verify", *trust, "-out", "/dev/null", "-signer", "/dev/stdout"]
    try:
        signer = ssl.PEM_cert_to_DER_cert(run(command, input=message).stdout)
        provider, brought = PROVIDERS[hashlib.sha1(signer).hexdigest()], parsed(message)
    except (subprocess.CalledProcessError, KeyError):
        return "550 5.7.1 only certified mail is taken here"
    here = all(one.endswith(f"@{DOMAIN}") for one in recipients)
    authors = {one.partition("@")[2] for one in addresses(brought, "From")}
    if not here or not authors or authors - {*provider.get_all("managedDomains")}:
        return "550 5.7.1 not for a user here, or signed by another than its author's provider"
    charge = functools.partial(deliver, service=provider["mailReceipt"])
    take = charge if brought["X-Trasporto"] == "posta-certificata" else send
    threading.Thread(target=take, args=(sender, recipients, message)).start()
    return "250 2.0.0 taken"


def deliver(sender, recipients, envelope, service=None):
    """Takes charge of an envelope, where another provider brought it, and delivers it (RFC 6109, 3.2.1 and 3.3)."""
    boundary = parsed(envelope).get_payload(0).get_boundary()
    parts = {parsed(one[2:]).get_content_type(): one[2:] for one in envelope.split(f"\r\n--{boundary}")[1:]}
    data = xml.fromstring(parsed(parts["application/xml"]).get_payload(decode=True))
    original = parts["message/rfc822"].partition("\r\n\r\n")[2]
    texts = {"oggetto": None, "msgid": None} | {one.tag: one.text or "" for one in data.iter()}
    sorts = {one.text: one.get("tipo", "certificato") for one in data.iter("destinatari")}
    facts = types.SimpleNamespace(now=email.utils.localtime(), sorts=sorts, **texts)
    if service:
        to = sender if FAULT == "take-charge-to-user" else service
        send(MINE, [to], issued("presa-in-carico", facts, to, recipients))
    copied = {*addresses(parsed(original), "Cc")} - {*addresses(parsed(original), "To")}
    asked = data.find(".//ricevuta").get("tipo")
    for one in recipients:
        if one in PASSWORDS and (one not in FULL or FAULT == "receipt-though-full"):
            send(sender, [one], envelope)
            form, whole = ("sintetica", None) if asked == "sintetica" or one in copied else ("completa", original)
            send(MINE, [sender], issued("avvenuta-consegna", facts, sender, [one], form, whole))
        else:
            error, code, state = ("altro", "5.2.2", "piena") if one in FULL else ("no-dest", "5.1.1", "inesistente")
            why = f"{code} - {NAME} - casella {state}"  # AgID's note 12
            send(MINE, [sender], issued("errore-consegna", facts, sender, [one], error=error, why=why))


def send(sender, recipients, message):
    """Puts a message in mailboxes here, where there is room, or hands it to another provider, under TLS."""
    domain, octets = recipients[0].partition("@")[2], message.encode("latin-1")
    if domain == DOMAIN:
        for one in PASSWORDS.keys() & {*recipients} - {*FULL}:
            mailbox.Maildir(pathlib.Path(CONFIG["maildir"]) / one.partition("@")[0]).add(octets)
        return
    with contextlib.suppress(OSError), smtplib.SMTP(*CONFIG["routes"][domain], f"mx.{DOMAIN}", timeout=30) as peer:
        peer.starttls(context=OTHERS)
        peer.sendmail(sender, recipients, octets, [] if octets.isascii() else ["BODY=8BITMIME"])


async def taken(server, session, envelope):
    """Answers to what somebody sends: a user, who has logged in, or another provider."""
    sender, recipients = envelope.mail_from.lower(), [one.lower() for one in envelope.rcpt_tos]
    if session.authenticated and session.auth_data.login.decode() != sender:
        return "553 5.7.1 that is not who has logged in"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", envelope.content):
        return "554 5.6.0 lines end with CR and LF"
    take = submit if session.authenticated else receive
    return await asyncio.to_thread(take, sender, recipients, envelope.content.decode("latin-1"))


# The provider index (RFC 6109, 4.5), whose records read like headers; nothing of it that counts knows upper case.
ldif = run(["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", CONFIG["index"]]).stdout.lower()
INDEX = [email.message_from_string(record) for record in ldif.replace("\n ", "").split("\n\n")]
DOMAINS = {domain for record in INDEX for domain in record.get_all("managedDomains", [])}
PROVIDERS = {digest: record for record in INDEX for digest in record.get_all("providerCertificateHash", [])}
crl = run(["openssl", "crl", "-inform", "DER", "-in", CONFIG["crl"]]).stdout
(DIR / "trusted.pem").write_text(pathlib.Path(CONFIG["authority"]).read_text() + crl)
OWN, OTHERS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=CONFIG["tls authority"])
OWN.load_cert_chain(DIR / "tls.pem", DIR / "tls.key")
OTHERS.check_hostname = False
listen = functools.partial(Controller, types.SimpleNamespace(handle_DATA=taken), "127.0.0.1", enable_SMTPUTF8=False)
users = {"auth_required": True, "auth_callback": lambda _, user, word: PASSWORDS.get(user.decode()) == word.decode()}
listen(CONFIG["submission"], server_hostname=f"mx.{DOMAIN}", tls_context=OWN, **users).start()
listen(CONFIG["relay"], server_hostname=f"mx.{DOMAIN}", tls_context=OWN).start()
print("ready", flush=True)
threading.Event().wait()
