//! The provider index, asked of the directory over LDAP under TLS (§4.5).

use std::time::Duration;

use collaudo_node::{Bytes, ConnId, Effect, Host, Input, Timestamp};

use super::{
    directory::Document,
    ldap::{Login, Session, Step},
    message::{Entry, Index, IndexFault},
    provider::{Alarm, Provider},
};
use crate::IndexSource;

/// The silence after which a directory is given up.
const SILENCE: Duration = Duration::from_secs(120);

/// A connection to the directory.
#[derive(Debug)]
pub(super) struct Inquiry {
    conn: ConnId,
    /// The session, once TLS stands.
    session: Option<Session>,
}

impl Provider {
    /// Connects to the directory, unless that is under way.
    //= PEC-4.5-01
    pub(super) fn inquire(&mut self, now: Timestamp, host: String, port: u16, out: &mut Vec<Effect>) {
        if self.inquiry.is_some() {
            return;
        }
        let conn = self.lanes.new_conn();
        self.inquiry = Some(Inquiry { conn, session: None });
        self.alarms.set(Alarm::Link(conn), now + SILENCE);
        out.push(Effect::Connect { conn, host: Host(host), port });
    }

    pub(super) fn inquires(&self, conn: ConnId) -> bool {
        self.inquiry.as_ref().is_some_and(|inquiry| inquiry.conn == conn)
    }

    /// Something happened to the connection to the directory.
    pub(super) fn inquired(&mut self, now: Timestamp, input: Input, out: &mut Vec<Effect>) {
        let Some(Inquiry { conn, session }) = &mut self.inquiry else { return };
        let conn = *conn;
        self.alarms.set(Alarm::Link(conn), now + SILENCE);
        match input {
            Input::Connected { .. } => out.push(Effect::StartTls { conn }),
            Input::Secured { .. } => {
                let (begun, bytes) = Session::begin(&Login::Anonymous);
                *session = Some(begun);
                out.push(Effect::Write { conn, bytes });
            }
            Input::Bytes { bytes, .. } => {
                // What was said in the clear is worth nothing.
                let Some(session) = session else { return };
                match session.take(&bytes) {
                    Ok(Step::Wait) => {}
                    Ok(Step::Say(bytes)) => out.push(Effect::Write { conn, bytes }),
                    Ok(Step::Done { entries, last }) => {
                        out.push(Effect::Write { conn, bytes: last });
                        self.leave(conn, out);
                        self.listed(now, entries, out);
                    }
                    Err(fault) => {
                        self.leave(conn, out);
                        self.keep_last(now, Document::Index, &fault.to_string(), out);
                    }
                }
            }
            Input::Closed { .. } => {
                self.alarms.clear(&Alarm::Link(conn));
                self.inquiry = None;
                self.keep_last(now, Document::Index, "elenco non raggiungibile", out);
            }
            _ => {}
        }
    }

    /// The directory was silent for too long.
    pub(super) fn give_up(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        self.leave(conn, out);
        self.keep_last(now, Document::Index, "elenco senza risposta", out);
    }

    fn leave(&mut self, conn: ConnId, out: &mut Vec<Effect>) {
        self.alarms.clear(&Alarm::Link(conn));
        self.inquiry = None;
        out.push(Effect::Close { conn });
    }

    fn listed(&mut self, now: Timestamp, mut entries: Vec<Entry>, out: &mut Vec<Effect>) {
        // A directory has no order, and the same entries are to be the same index.
        entries.sort_by(|one, other| one.dn.cmp(&other.dn));
        match Index::from_entries(&entries) {
            // Strings and octets always have a JSON form.
            Ok(index) => self.take_index(now, serde_json::to_vec(&entries).unwrap_or_default().into(), index, out),
            Err(fault) => self.keep_last(now, Document::Index, &fault.to_string(), out),
        }
    }
}

/// The connection that an input is about, where it may be ours.
pub(super) fn conn_of(input: &Input) -> Option<ConnId> {
    match input {
        Input::Connected { conn }
        | Input::Secured { conn }
        | Input::Bytes { conn, .. }
        | Input::Drained { conn }
        | Input::Closed { conn, .. } => Some(*conn),
        _ => None,
    }
}

/// Reads an index as it was kept.
pub(super) fn read_index(source: &IndexSource, signer: &[u8], octets: &Bytes) -> Result<Index, IndexFault> {
    match source {
        IndexSource::Ldif => Index::read(octets, signer),
        IndexSource::Ldap { .. } => {
            Index::from_entries(&serde_json::from_slice::<Vec<Entry>>(octets).unwrap_or_default())
        }
    }
}
