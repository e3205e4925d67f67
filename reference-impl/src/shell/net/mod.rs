//! Sockets: one task for each connection, which knows nothing of what the octets mean.

mod dial;
mod gate;
mod line;
mod listen;
mod way;
mod wire;

pub(super) use dial::{Dialer, Dialled};
pub(super) use gate::Gate;
pub(super) use line::Times;
pub(super) use listen::{Door, Service, open};
pub(super) use way::{Order, Speaker, way};
