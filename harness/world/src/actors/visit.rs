//! People who look into a mailbox: they fetch all that is there, under TLS from the first octet.

use std::io;

use collaudo_record::What;
use collaudo_scenario::{Access, Visit};

use super::{dialogue::Dialogue, failed, host_of, imap, pop3};
use crate::net::{IMAPS_PORT, Net, POP3S_PORT, TlsSide, USERS};

/// Fetches every message; a visit that is refused or breaks off is recorded, behind what was fetched before.
pub(super) async fn look(net: &Net, visit: &Visit) {
    if let Err(error) = fetch_all(net, visit).await {
        failed(net, &visit.id, &error);
    }
}

async fn fetch_all(net: &Net, visit: &Visit) -> io::Result<()> {
    let host = host_of(net, &visit.provider)?;
    let (port, over) = match visit.over {
        Access::Imap => (IMAPS_PORT, "imap"),
        Access::Pop3 => (POP3S_PORT, "pop3"),
    };
    let link = net.connect(USERS, &host, port).await?;
    let dialogue = Dialogue::over(link).secure(&TlsSide::Client(net.client_tls.clone(), host.clone())).await?;
    net.stir();
    let fetched = |octets: &[u8]| {
        net.recorder.observed(What::Fetched {
            visit: visit.id.clone(),
            provider: visit.provider.clone(),
            mailbox: visit.account.clone(),
            over: over.to_owned(),
            secured: true,
            body: net.recorder.keep(octets),
        });
    };
    let entered = |admitted| {
        net.recorder.observed(What::Entered {
            visit: visit.id.clone(),
            provider: visit.provider.clone(),
            mailbox: visit.account.clone(),
            over: over.to_owned(),
            admitted,
        });
    };
    match visit.over {
        Access::Imap => imap::fetch_all(dialogue, visit, entered, fetched).await,
        Access::Pop3 => pop3::fetch_all(dialogue, visit, entered, fetched).await,
    }
}

/// Says whether a login opened the mailbox, where it was answered at all.
pub(super) fn answered<T>(login: io::Result<T>, entered: impl FnOnce(bool)) -> io::Result<T> {
    match &login {
        Ok(_) => entered(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => entered(false),
        Err(_) => {}
    }
    login
}
