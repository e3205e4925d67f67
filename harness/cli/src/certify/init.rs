//! `certify --init DIR`: what the person needs who brings a provider, and what that provider needs of us.

use std::{fs, path::Path};

use collaudo_world::{Foreign, Handout};

use super::{
    CertifyError, dns,
    lab::{self, A_LANE, FIRST_LANE, Lab, Lane, Ours, at, in_lane},
};
use crate::{command::Ending, stopwatch};

/// The file that a person fills in.
const LAB: &str = "LAB.toml";

/// Writes `LAB.toml` where there is none, and beside it, each time anew, all that is made from it.
pub(super) fn init(folder: &Path, scenarios: &Path, lanes: u32) -> Result<Ending, CertifyError> {
    fs::create_dir_all(folder).map_err(|why| at(folder, why))?;
    let (ours, file) = (lab::ours(scenarios)?, folder.join(LAB));
    let signed_at = stopwatch::now().0.div_euclid(1_000_000);
    if !file.exists() {
        put(&file, template(&ours, signed_at, lanes).as_bytes())?;
    }
    let read = Lab::read(&file);
    let ours = match &read {
        Ok(lab) => lab.everyone(ours),
        Err(_) => ours,
    };
    let foreign = match &read {
        Ok(lab) => lab.foreign(lab::SUBJECT, &ours, &[], Lane::ONLY),
        Err(_) => lab::nobody(&ours, signed_at),
    };
    hand_out(folder, &foreign.handout()?)?;
    put(&folder.join("zone.txt"), zone(&ours, read.as_ref().ok(), &foreign).as_bytes())?;
    put(&folder.join("SHEET.md"), SHEET.as_bytes())?;
    println!("written: {}", folder.display());
    match read {
        Ok(lab) => println!("the index lists {} and our {}; next: SHEET.md, step 3", lab.subject.name, ours.len()),
        Err(why) => println!("the index does not list the subject yet, for {why}\nnext: SHEET.md, step 1"),
    }
    Ok(Ending::Passed)
}

fn hand_out(folder: &Path, handout: &Handout) -> Result<(), CertifyError> {
    let Handout { index, index_signer, authority, tls_authority, revoked } = handout;
    put(&folder.join("indice.ldif.p7m"), index)?;
    put(&folder.join("autorita.crl"), revoked)?;
    put(&folder.join("index-signer.crt.pem"), index_signer.as_bytes())?;
    put(&folder.join("authority.crt.pem"), authority.as_bytes())?;
    put(&folder.join("tls-authority.crt.pem"), tls_authority.as_bytes())
}

fn put(path: &Path, octets: &[u8]) -> Result<(), CertifyError> {
    fs::write(path, octets).map_err(|why| at(path, why))
}

/// The DNS zone of our providers, as a master file (RFC 1035 §5).
fn zone(ours: &Ours, lab: Option<&Lab>, foreign: &Foreign) -> String {
    let mut text =
        String::from("; Our providers. DNS has no ports: where ours are not 25, use routes instead.\n$TTL 60\n");
    for provider in ours {
        let at =
            lab.and_then(|lab| lab.ours.get(&provider.domain)).map_or("127.0.0.1".into(), |at| at.ip().to_string());
        let kind = if at.contains(':') { "AAAA" } else { "A" };
        for (preference, host) in (1..).map(|place| place * dns::PREFERENCE).zip(dns::hosts(provider)) {
            text += &format!("{}. IN MX {preference} {host}.\n{host}. IN {kind} {at}\n", provider.domain);
        }
    }
    if let Some(lab) = lab {
        text += &format!("{}. IN MX 10 {}.\n", lab.subject.domain, foreign.host);
    }
    text
}

fn template(ours: &Ours, signed_at: i64, lanes: u32) -> String {
    let mut text = TEMPLATE.replace("SIGNED_AT", &signed_at.to_string());
    let of_lane = |lane| {
        let most = if lane <= WHOLE_LANES { ours.len() } else { A_LANE };
        ours.iter().take(most).map(move |provider| in_lane(&provider.domain, lane))
    };
    for (domain, port) in (FIRST_LANE..=lanes).flat_map(of_lane).zip(FIRST_PORT..) {
        text += &format!("\"{domain}\" = \"127.0.0.1:{port}\"\n");
    }
    text
}

/// So many lanes have all of ours: as many scenarios as want them wait for a day.
const WHOLE_LANES: u32 = 4;

/// Ours stand there and above.
const FIRST_PORT: u16 = 7025;

const TEMPLATE: &str = r#"# The provider that is examined. Paths are relative to this file's folder.
# `collaudo certify --init` reads this file and keeps it; what lies beside it is made anew each time.

seed = 0x5eed
quiet_ms = 5000        # a scenario is over when nothing has stirred for so long; more for a slow provider
clock_seconds = 5      # how far its clock may be off
# not_offered = ["pop3"]   # of "imap", "pop3", "implicit-tls", "brief-receipts", "concise-receipts", "ordinary-mail", "forwarding"
# dns = "127.0.0.1:7053"   # where the zone of our providers is served, UDP and TCP; DNS has no ports, so ours must be 25 then

# A provider whose clock can be moved is examined in about an hour, the scenarios that wait for hours included: what stands here
# is run by sh in this folder, with $SECONDS_AHEAD (ever more) for how far it is to be ahead of real time. For one under libfaketime:
# [clock]
# move = "printf '+%s' \"$SECONDS_AHEAD\" > /var/lib/pec/faketime"
# rest_ms = 1500         # how long nothing must stir behind a leap, in real time; longer than it takes to see the new time
# stride_s = 1500        # the farthest leap: what it does of its own accord may be so much late, but never past a time that counts

[subject]
name = "Gestore Esempio S.p.A."                    # providerName of the index, as its certificate has it
domain = "pec.esempio.it"                          # its certified domain; none of ours below
host = "mx.pec.esempio.it"                         # the name that its TLS certificates bear
service_mailbox = "ricevute@pec.esempio.it"        # take-charge receipts go there: mailReceipt of the index
# service_password = "..."                         # where it may be read; what is put there is not seen otherwise
# service_maildir = "..."                          # where it is a Maildir
# passwords = "passwords.txt"                      # lines of an address and a password, for those who have none here
signing_certificate = "subject/signing.crt.pem"    # what it signs messages with
authorities = ["subject/authority.crt.pem"]        # who issued that one
tls_authorities = ["subject/authority.crt.pem"]    # who issued its TLS certificates
max_octets = 30_000_000                            # the most that size times recipients may come to
max_recipients = 500

# Where it is. A line that is left out is a service that it does not offer.
[subject.at]
submission = "127.0.0.1:587"      # SMTP of users, STARTTLS
submissions = "127.0.0.1:465"     # SMTP of users, TLS from the first octet
relay = "127.0.0.1:25"            # SMTP of other providers, STARTTLS
imap = "127.0.0.1:993"            # TLS from the first octet
pop3 = "127.0.0.1:995"            # TLS from the first octet
# maildir = "/var/mail/{user}"    # mailboxes on this machine; without it they are read over IMAP, or else over POP3

# Its users, who log in with their addresses. Their mailboxes are EMPTIED before each scenario: make them for this alone.
# With these every scenario that a part can be found for has its people; what needs somebody else is not run, and says so.
# A password may be left out where passwords = "FILE" above names a file with lines of an address and a password.
[[subject.user]]
address = "uno@pec.esempio.it"
password = "..."
ordinary = "refuse"               # what becomes of mail that is not certified: "refuse", "anomaly", { forward = "ADDRESS" }
# maildir = "..."                 # where this one is a Maildir

[[subject.user]]
address = "due@pec.esempio.it"
password = "..."
ordinary = "refuse"

[[subject.user]]
address = "tre@pec.esempio.it"
password = "..."
ordinary = "anomaly"

[[subject.user]]
address = "piena@pec.esempio.it"
password = "..."
quota_octets = 0                  # a mailbox that takes nothing
ordinary = "anomaly"

[[subject.user]]
address = "stretta@pec.esempio.it"
password = "..."
quota_octets = 60_000             # one that a few messages fill

[[subject.user]]
address = "inoltra@pec.esempio.it"
password = "..."
ordinary = { forward = "aldo@alfa.test" }   # one of ours

# Many alike: utente1@pec.esempio.it to utente50@pec.esempio.it, for messages to or among many. Fewer will do for most.
[[subject.group]]
prefix = "utente"
count = 50
password = "..."                  # of each; or left out, as above

# The index that it was given: `--init` signs it as of this second, so that it is the same file each time.
# A subject that fetches the index and the list of revoked certificates is examined with changed ones, too: we serve them here,
# /indice.ldif.p7m and /autorita.crl, under a certificate of tls-authority.crt.pem for this address and these names.
[index]
signed_at = SIGNED_AT
# https = "127.0.0.1:7443"
# ldap = "127.0.0.1:7636"          # where it reads the index in the directory (LDAP under TLS), and not the file
# names = ["index.pec.example"]    # what it calls our server by, beside the address
# refresh_seconds = 86_400         # how often it reads the index
# crl_refresh_seconds = 21_600     # how often it reads the list, which lasts six hours

# What whoever looks after the subject can have done to it: lines of sh, run in this file's folder, each ended within a minute.
[commands]
# kill = "systemctl kill -s KILL pec"      # it stops where it stands; a scenario in which it crashes wants this and start
# start = "systemctl start pec"            # it begins anew
# refresh = "systemctl reload pec"         # it reads index and list now; without it we wait until it does

# Where its log can be read, and how a line of it says what the law wants of each operation (RFC 6109, 2.3). Without this
# nothing is said of its log. With it, what it has no line of counts as not logged, and a field that is left out as missing.
# [log]
# file = "/var/log/pec/messages.log"   # followed as it grows, through rotations
# command = "ssh pec 'cat /var/log/pec/*.log'"  # instead: run by sh in this folder every second, it prints what was written
#                          # so far, or the last thousands of lines of it; lines of other logs are left out by grep, or below
# time = "rfc3339"         # how "at" is written: "rfc3339", "seconds", "milliseconds" or "microseconds" since 1970, or a form
#                          # of strftime such as "%d/%m/%Y %H:%M:%S" (in Rome where it has no offset, %z)
# separator = ","          # what stands between several recipients, or identifiers, in one text
# lag_ms = 1000            # how long it may take until a line can be read: more where lines are gathered before they are written
#
# Where each line is a JSON object: under which key each field stands; a dot leads into an object. "at", and "pec_msgid" or
# "msgid", must be there.
# format = "json"
# [log.fields]
# event = "event"                      # what happened, in the provider's own words
# pec_msgid = "message.id"             # the provider's identifier of the message (identificativo)
# msgid = "message.reference"          # the user's own Message-ID
# sender = "from"
# recipients = "to"                    # a list, or a text with separators
# subject = "subject"
# related = "generated"                # identifiers of the messages made because of it
# sending_provider = "provider"
# at = "time"
#
# Where a line is text: an expression (https://docs.rs/regex) whose groups are named as the fields above. What it does not fit
# is no line of this log: it is counted, and told at the end.
# format = "pattern"
# pattern = '^(?<at>\S+) pec: (?<event>.+?) id=(?<pec_msgid>\S*) ref=(?<msgid>\S*) from=(?<sender>\S*) to=(?<recipients>\S*) by="(?<sending_provider>[^"]*)" made=(?<related>\S*) subject="(?<subject>.*)"$'

# Where it finds our providers, by domain: addresses of this machine, at which we listen during the run. The same under a
# number, alfa-2.test, beta-2.test, gamma-2.test, is a second lane: so many lanes, and users for each, so many scenarios at once.
# With as many as stand here all of it is over in a day. The first few have all of ours, for scenarios that want so many.
[ours]
"#;

const SHEET: &str = "# Certification: what to prepare, step by step

1. Fill in `LAB.toml`: where the provider is, what it is known by, its users. Make these users for this alone: their
   mailboxes are emptied before each scenario. `LAB.toml` lists all that the scenarios take: six users who differ, of whom
   one has no room, one little, and one sends ordinary mail on; and fifty alike, for messages of many. With fewer some
   scenarios are run in another part, or not: `collaudo certify LAB.toml --list` says which, and why.
   Say in `[log]` where its message log can be read and what its lines look like, or leave that out: then nothing is said of
   the log. Each operation that was seen wants its line there within a minute, with all that the law asks for. Other lines
   may stand between: those that name no message and nobody of a scenario are left out.
2. Run `collaudo certify --init` on this folder again. It signs the index, which now lists the provider beside ours.
3. Give the provider, and restart it:
   - `indice.ldif.p7m` as its provider index, and `index-signer.crt.pem` as who signs it;
   - `authority.crt.pem` as an authority whose signing certificates are good, beside its own;
   - `autorita.crl` as that authority's list of revoked certificates (good for 90 days);
   - `tls-authority.crt.pem` as an authority of TLS certificates, where it checks those of other providers;
   - `zone.txt` for its DNS; or, as DNS has no ports, a route to each address of `[ours]`.
   A provider that fetches index and list by itself gets both from us while a certification runs, at the addresses of
   `[index]`; then those scenarios are run, too, that change them. Have it read the index every day at least and the list
   before it ends (six hours), or say with `commands.refresh` how it is told to. They are run last and one by one, in real
   time only where they are asked for (step 6).
4. Allow from this machine: as many logins and connections as a busy user makes; no greylisting, no delay of new senders.
   Its clock follows NTP, or is moved by the command of `[clock]`: to be ahead of real time by ever more seconds, which also
   stand in `clock.ahead` beside `LAB.toml`. Such a provider is made for this alone: its clock is not put back.
5. Run `collaudo certify LAB.toml --skip-timed`. First everything is tried: addresses, TLS, logins, one message, the clock,
   the log. What fails says what to do, and nothing is run before all of it is well.
6. Run `collaudo certify LAB.toml` for all of it. In real time it takes about twenty-five hours with the lanes and users that
   `--init` proposes: as many scenarios go on at once as there are lanes in `[ours]` and users for them, and with fewer of
   either it takes days. For more lanes take `[ours]` of a file that `--init --lanes N` writes in another folder, run `--init`
   on this one again and hand out the index anew. The service mailbox is looked into from every lane: allow so many
   connections of one user (in Dovecot, `mail_max_userip_connections`).
   It says beforehand how long it takes, what is lacking, and what is left out: scenarios that last longer than a day, or
   that have to be alone for hours, as those do that change the index. Name them (`collaudo certify LAB.toml
   services/index-altered`), or give `--days` for all of them. With `[clock]` nothing is left out, and all of it takes an
   hour or two.
   What is over is kept at once: interrupted by whatever it may be, go on with `--resume DIR`; have the provider try its
   queue again before, for it may hold back mail for hosts of ours that were not there meanwhile.
7. Read `report.html` in the run's folder; `not-run.json` there says which scenarios were not run, and why.
   `collaudo judge DIR/kept/.../*.jsonl` judges what was kept again, without the provider.
";

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the template about the log, their comment signs off, for one of its two forms.
    fn example(format: &str, place: &str) -> String {
        let lines = TEMPLATE.lines().skip_while(|line| *line != "# [log]").take_while(|line| line.starts_with('#'));
        let keys = lines
            .map(|line| line.trim_start_matches("# "))
            .filter(|line| line.contains(" = ") && !line.starts_with('#'));
        let is_of = |line: &&str| match line.split(" = ").next().unwrap_or_default() {
            "format" => line.contains(format),
            "file" | "command" => line.starts_with(place),
            "pattern" => format == "pattern",
            "time" | "separator" | "lag_ms" => true,
            _ => format == "json",
        };
        let mut text: Vec<&str> = keys.filter(is_of).collect();
        if let Some(fields) = text.iter().position(|line| line.starts_with("event")) {
            text.insert(fields, "[fields]");
        }
        text.join("\n")
    }

    #[test]
    fn the_commented_examples_of_a_log_are_understood() {
        for (format, place) in [("json", "file"), ("pattern", "command")] {
            let text = example(format, place);
            let table: super::super::log::LogTable =
                toml::from_str(&text).unwrap_or_else(|why| panic!("{text}\n{why}"));
            assert_eq!(table.check(), Ok(()), "{text}");
            assert!(text.lines().count() >= 5, "{text}");
        }
    }
}
