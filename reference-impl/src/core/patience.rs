use std::time::Duration;

/// How long silent clients are waited for; a matter of this life of the node, not of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The silence after which a client of SMTP is sent away (RFC 5321 §4.5.3.2.7).
    pub smtp_idle: Duration,
    /// The time that a connection of such a client can last: who sends drop by drop is sent away too.
    pub smtp_session: Duration,
    /// The silence after which a reader over IMAP is sent away (RFC 3501 §5.4).
    pub imap_idle: Duration,
    /// The silence after which a reader over POP3 is sent away (RFC 1939 §3).
    pub pop3_idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            smtp_idle: Duration::from_secs(300),
            smtp_session: Duration::from_secs(2 * 3600),
            imap_idle: Duration::from_secs(30 * 60),
            pop3_idle: Duration::from_secs(10 * 60),
        }
    }
}
