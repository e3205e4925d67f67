//! `collaudo lab`: the reference plays providers that stay.

use std::{
    io::{self, Write as _},
    sync::mpsc,
};

use collaudo_lab::{Ports, Settings, StartError};

use crate::{
    command::{Ending, Format, LabArgs},
    subjects,
};

/// Why a lab did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    #[error("--ports: {0}")]
    Ports(String),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("standard output: {0}")]
    Told(#[from] io::Error),
    #[error("Ctrl-C cannot be listened for: {0}")]
    Signal(#[from] ctrlc::Error),
}

/// Runs until Ctrl-C.
pub(crate) fn run(args: &LabArgs) -> Result<Ending, LabError> {
    let (over, ended) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listens any more where it ends already.
        let _ = over.send(());
    })?;
    let settings = Settings {
        network: args.network.clone(),
        profiles: args.place.folder().join("profiles"),
        ports: Ports::read(&args.ports).map_err(LabError::Ports)?,
        ca: args.ca.clone(),
    };
    let (served, ready) = collaudo_lab::start(&settings, subjects::reference())?;
    let mut out = io::stdout().lock();
    match args.format {
        Format::Text => writeln!(out, "{ready}")?,
        Format::Json => writeln!(out, "{}", serde_json::to_string(&ready).map_err(io::Error::from)?)?,
    }
    out.flush()?;
    // Nobody sends but the signal, and the sender stays as long as the program.
    let _ = ended.recv();
    drop(served);
    Ok(Ending::Passed)
}
