//! Commands of LAB.toml: what a person has `sh` do, in the file's folder.

use std::{
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use collaudo_world::{Deed, Keeper};
use serde::Deserialize;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

/// `[commands]`: what can be done to the subject by whoever looks after it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commands {
    /// It stops where it stands, as if its machine had failed.
    kill: Option<String>,
    /// It begins anew behind that.
    start: Option<String>,
    /// It fetches the index and the list of revoked certificates now.
    pub(super) refresh: Option<String>,
}

impl Commands {
    /// Who stops and starts it, where both can be done.
    pub(super) fn keeper(&self, folder: &Path) -> Option<Keeper> {
        let (kill, start, folder) = (self.kill.clone()?, self.start.clone()?, folder.to_owned());
        Some(Keeper::new(move |deed| match deed {
            Deed::Kill => run(&kill, &folder),
            Deed::Start => run(&start, &folder),
        }))
    }

    /// Whether one of a pair is there without the other.
    pub(super) fn lacks_half(&self) -> bool {
        self.kill.is_some() != self.start.is_some()
    }
}

/// Has `sh` run a command in a folder, and waits for it; an error in words.
pub(super) fn run(command: &str, folder: &Path) -> Result<(), String> {
    run_with(command, folder, &[])
}

/// [`run`], with variables of its own.
pub(super) fn run_with(command: &str, folder: &Path, variables: &[(&str, &str)]) -> Result<(), String> {
    let mut child = spawn(sh(command, folder).envs(variables.iter().copied()).stdout(Stdio::null()))?;
    wait(&mut child, command)
}

/// [`run`]; *gives* what the command printed.
pub(super) fn print(command: &str, folder: &Path) -> Result<String, String> {
    let mut child = spawn(sh(command, folder).stdout(Stdio::piped()))?;
    let (sends, printed) = mpsc::channel();
    if let Some(mut pipe) = child.stdout.take() {
        // A pipe that nobody empties would hold the command up.
        thread::spawn(move || {
            let mut octets = Vec::new();
            let read = pipe.read_to_end(&mut octets);
            // Whoever has waited too long is gone.
            let _ = sends.send(read.map(|_| octets));
        });
    }
    wait(&mut child, command)?;
    match printed.recv_timeout(PATIENCE) {
        Ok(Ok(octets)) => Ok(String::from_utf8_lossy(&octets).into_owned()),
        Ok(Err(why)) => Err(format!("\"{command}\": {why}")),
        Err(_) => Err(format!("\"{command}\" left somebody behind who still prints; end it with what it starts")),
    }
}

fn sh(command: &str, folder: &Path) -> Command {
    // A path of no components is here, and no folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut sh = Command::new("sh");
    sh.args(["-c", command]).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    sh
}

fn spawn(sh: &mut Command) -> Result<Child, String> {
    sh.spawn().map_err(|why| format!("sh: {why}; is there no shell?"))
}

/// Waits until the command has ended well.
fn wait(child: &mut Child, command: &str) -> Result<(), String> {
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait().map_err(|why| why.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("\"{command}\" ended with {status}; correct it")),
            None if waited >= PATIENCE => {
                // It is ours, and of no use any more.
                let _ = child.kill().and_then(|()| child.wait());
                let seconds = PATIENCE.as_secs();
                return Err(format!("\"{command}\" has not ended in {seconds} s; end it with &, or correct it"));
            }
            None => thread::sleep(LOOK),
        }
        waited += LOOK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_runs_in_the_folder_and_one_that_fails_is_told() {
        let folder = std::env::temp_dir();
        assert_eq!(run("test \"$PWD\" -ef .", &folder), Ok(()));
        let why = run("exit 3", &folder).expect_err("it fails");
        assert!(why.starts_with("\"exit 3\" ended with"), "{why}");
    }

    #[test]
    fn what_a_command_prints_is_given_however_much_it_is() {
        let folder = std::env::temp_dir();
        assert_eq!(print("printf 'uno\\ndue'", &folder), Ok("uno\ndue".to_owned()));
        let much = print("yes | head -n 100000", &folder).expect("it ends");
        assert_eq!(much.lines().count(), 100_000);
        assert!(print("echo uno; exit 3", &folder).expect_err("it fails").contains("ended with"));
    }

    #[test]
    fn who_can_only_stop_is_no_keeper() {
        let half = Commands { kill: Some("true".into()), ..Commands::default() };
        assert!(half.keeper(Path::new("")).is_none() && half.lacks_half());
        let both = Commands { start: Some("true".into()), ..half };
        assert!(both.keeper(Path::new("")).is_some() && !both.lacks_half());
    }
}
