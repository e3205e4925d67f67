"""The server's side of SMTP (RFC 5321), for submission and between providers; knows nothing of certified mail."""

import base64
import re
import socketserver
import threading

VERBS = ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP")


def serve(port, host, tls, password_of, take):
    """Listens. `password_of(user)` where users log in, else None; `take(sender, recipients, message)` answers."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Session)
    server.daemon_threads, server.host, server.tls, server.password_of, server.take = True, host, tls, password_of, take
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Session(socketserver.StreamRequestHandler):
    """One connection. A method for each verb says what is answered."""

    def handle(self):
        self.secured, self.user, self.sender, self.recipients = False, None, None, []
        self.say(f"220 {self.server.host} ESMTP")
        while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                return self.say("221 2.0.0 bye")
            known = verb.upper() in VERBS
            self.say(getattr(self, verb.lower())(rest) if known else "502 5.5.1 no such command")

    def say(self, reply):
        if reply:
            self.wfile.write(reply.encode() + b"\r\n")

    def ehlo(self, _):
        further = ["SIZE 31000000", "8BITMIME", "ENHANCEDSTATUSCODES"]
        further += [] if self.secured else ["STARTTLS"]
        further += ["AUTH PLAIN LOGIN"] if self.secured and self.server.password_of else []
        return "\r\n".join(f"250-{one}" for one in [self.server.host, *further[:-1]]) + f"\r\n250 {further[-1]}"

    def starttls(self, _):
        self.say("220 2.0.0 go on")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.secured = True

    def auth(self, rest):
        def given(text, question):
            if not text:
                self.say("334 " + base64.b64encode(question).decode())
            return base64.b64decode(text or self.rfile.readline()).decode()

        way, _, first = rest.partition(" ")
        if not self.secured or not self.server.password_of:
            return "503 5.5.1 not here, or not yet"
        if way.upper() == "PLAIN":
            _, user, password = given(first, b"").split("\0")
        else:
            user, password = given(first, b"Username:"), given("", b"Password:")
        self.user = user.lower() if self.server.password_of(user.lower()) == password else None
        return "235 2.7.0 welcome" if self.user else "535 5.7.8 wrong"

    def mail(self, rest):
        path = self.path(rest)
        if self.server.password_of and path != self.user:
            return "553 5.7.1 that is not who has logged in" if self.user else "530 5.7.0 log in first"
        self.sender, self.recipients = path, []
        return "250 2.1.0 ok"

    def rcpt(self, rest):
        if self.sender is None:
            return "503 5.5.1 MAIL first"
        if not self.server.password_of and not self.path(rest).endswith(self.server.host.replace("mx.", "@")):
            return "550 5.7.1 not here"
        self.recipients.append(self.path(rest))
        return "250 2.1.5 ok"

    def path(self, rest):
        return re.search("<([^>]*)>", rest)[1].lower()

    def data(self, _):
        if not self.recipients:
            return "503 5.5.1 RCPT first"
        self.say("354 go on")
        lines = iter(self.rfile.readline, b".\r\n")
        message = b"".join(line.removeprefix(b".") for line in lines).decode("latin-1")
        sender, recipients = self.sender, self.recipients
        self.rset("")
        if re.search(r"(?<!\r)\n|\r(?!\n)", message):
            return "554 5.6.0 lines end with CR and LF"
        return self.server.take(sender, recipients, message)

    def rset(self, _):
        self.sender, self.recipients = None, []
        return "250 2.0.0 ok"

    def noop(self, _):
        return "250 2.0.0 ok"
