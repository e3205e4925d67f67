//! `collaudo` once more: cargo tells tests where a program is only if it is of their own package.

use std::process::ExitCode;

use clap::Parser as _;
use collaudo::command::Command;

fn main() -> ExitCode {
    Command::parse().run()
}
