//! SMTP without sockets: bytes in, replies and steps out.

mod address;
mod client;
mod command;
mod data;
mod inflow;
mod outflow;
mod server;

pub(crate) use address::is_mailbox;
pub(crate) use client::{Client, Move, Parcel, Verdict};
pub(crate) use inflow::{Inflow, Line};
pub(crate) use outflow::Outflow;
pub(crate) use server::{Arrival, House, Role, Session, Step};
