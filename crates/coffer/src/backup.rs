//! `coffer backup`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use coffer_server::{ServerOptions, runtime, verify_backup};
use serde_json::{Value, json};

use crate::target::Target;

/// A backup of a running server, or what is asked of one that is there.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    #[command(flatten)]
    target: Target,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Read a backup whole, and open all of it with the root key.
    Verify(Box<Verify>),
}

/// Which backup, and where the root key is, by the server's own settings.
#[derive(Args)]
struct Verify {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    options: ServerOptions,
}

impl Backup {
    /// Asks for a backup and waits until it is there; or verifies one.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(self) -> Result<(), String> {
        match self.command {
            None => make(&self.target),
            Some(BackupCommand::Verify(verify)) => verify.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Result<(), String> {
        let verified = verify_backup(&self.file, self.options)?;
        if verified.unreadable_rows > 0 {
            return Err(format!(
                "backup `{}` is whole, and {} of its {} rows do not open; they did not in the store, \
                 whose log names them",
                self.file.display(),
                verified.unreadable_rows,
                verified.contents.rows
            ));
        }
        tell(&format!("{}, each of them opens\n", verified.contents))
    }
}

fn make(target: &Target) -> Result<(), String> {
    let asked = target.call("CreateBackup", &json!({}))?;
    let id = asked.get("BackupId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let started = runtime::instant();
    loop {
        let told = target.call("DescribeBackup", &json!({}))?;
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| told.get(name).and_then(Value::as_u64).unwrap_or(0);
        if text("BackupId") != id {
            return Err("another backup has been asked for meanwhile".to_owned());
        }
        match text("State") {
            "DONE" => {
                let made = format!(
                    "{} at {}: {} rows, {} bytes, SHA-256 {}; root key {} opens it\n",
                    text("File"),
                    text("Host"),
                    number("Rows"),
                    number("Bytes"),
                    text("Sha256"),
                    text("RootKeyId")
                );
                tell(&made)?;
                return match number("UnreadableRows") {
                    0 => Ok(()),
                    rows => Err(format!(
                        "{rows} rows of the store do not open; the server's log names them, and an \
                         older backup may have them whole"
                    )),
                };
            }
            "FAILED" => return Err(format!("no backup was made: {}", text("Failure"))),
            _ if started.elapsed() > WAIT_MAX => {
                return Err(format!(
                    "the backup is not there after {WAIT_MAX:?}; it goes on, see the server's log"
                ));
            }
            _ => std::thread::sleep(LOOK_PAUSE),
        }
    }
}

fn tell(text: &str) -> Result<(), String> {
    let printed = std::io::stdout().lock().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}

const LOOK_PAUSE: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(6 * 3600);
