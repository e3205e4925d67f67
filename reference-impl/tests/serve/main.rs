//! `gestore init` and `gestore serve` as programs, on loopback.

mod client;
mod crowd;
mod exchange;
mod house;
mod kill;
mod library;
mod limits;
mod outside;
mod programs;
mod revoked;
mod time;
