//! The program: from a scenario file to a judged, reported run. A new reader starts with [`way`].

mod bent;
pub mod certify;
pub mod citations;
mod code;
pub mod command;
pub mod golden;
pub mod inspect;
mod lab;
mod list;
pub mod mutants;
mod out;
mod record;
pub mod review;
pub mod run;
pub mod scenarios;
mod stopwatch;
pub mod subjects;
pub mod way;
