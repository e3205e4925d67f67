//! Sockets: one task for each connection, which knows nothing of what the octets mean.

mod dial;
mod gate;
mod line;
mod listen;
mod wire;

pub(super) use dial::{Dialer, Dialled};
pub(super) use gate::Gate;
pub(super) use line::{Order, Times};
pub(super) use listen::{Door, Service, open};
