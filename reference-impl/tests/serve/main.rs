//! `gestore init` and `gestore serve` as programs, on loopback.

mod client;
mod exchange;
mod house;
mod kill;
mod programs;
