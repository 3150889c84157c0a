//! `coffer rekey`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use coffer_server::runtime;
use serde_json::{Value, json};

use crate::target::Target;

/// Where the new root key comes from, and which server.
#[derive(Args)]
pub(crate) struct Rekey {
    /// A file on the server's host that holds the new root key, 32 bytes in base64; from then on
    /// the server is to be started with it [default: the server draws a key and puts it in place of
    /// its root key's file].
    #[arg(long, value_name = "FILE")]
    new_root_key_file: Option<PathBuf>,
    /// Read the new root key from where the server was told to find its root key, such as a command
    /// that prints the new one by now.
    #[arg(long, conflicts_with = "new_root_key_file")]
    reread: bool,
    #[command(flatten)]
    target: Target,
}

impl Rekey {
    /// Asks for the change, and waits for its end.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(&self) -> Result<(), String> {
        let file = self.new_root_key_file.as_ref().map(|path| {
            std::path::absolute(path)
                .map_err(|error| format!("cannot use `{}`: {error}", path.display()))
        });
        let input = match file.transpose()? {
            Some(file) => json!({"NewRootKeyFile": file.display().to_string()}),
            None => json!({"Reread": self.reread}),
        };
        let asked = self.target.call("Rekey", &input)?;
        let change = asked.get("ChangeId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let started = runtime::instant();
        loop {
            let told = self.target.call("DescribeRekey", &json!({}))?;
            let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("ChangeId") != change {
                return Err("another change of the root key has begun meanwhile".to_owned());
            }
            match text("State") {
                "DONE" => return self.report(text("RootKeyId"), &told),
                "FAILED" => {
                    return Err(format!("the root key was not changed: {}", text("Failure")));
                }
                _ if started.elapsed() > WAIT_MAX => {
                    return Err(format!(
                        "the root key's change is not done after {WAIT_MAX:?}; it goes on, see the \
                         server's log"
                    ));
                }
                _ => std::thread::sleep(LOOK_PAUSE),
            }
        }
    }

    fn report(&self, id: &str, told: &Value) -> Result<(), String> {
        let keys = told.get("KeysResealed").and_then(Value::as_i64).unwrap_or(0);
        let mut text = format!("root key {id} is in force; {keys} KMS keys were sealed anew\n");
        if let Some(file) = &self.new_root_key_file {
            let start =
                format!("start the server with --root-key-file {} from now on\n", file.display());
            text.push_str(&start);
        }
        let printed = std::io::stdout().lock().write_all(text.as_bytes());
        printed.map_err(|error| format!("cannot print: {error}"))
    }
}

const LOOK_PAUSE: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(600);
