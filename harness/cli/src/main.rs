//! `collaudo`: the program.

use std::process::ExitCode;

use clap::Parser as _;
use collaudo::command;

fn main() -> ExitCode {
    command::Command::parse().run()
}
