//! `coffer account create`, `list` and `close`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::target::Target;

/// What to do with accounts.
#[derive(Subcommand)]
pub(crate) enum Account {
    /// Make an account; its root access key is shown this once.
    Create(Create),
    /// List the accounts, one a line: id, status, name, email.
    List(Target),
    /// Close an account: from then on nobody calls in its name. What it has is kept.
    Close(Close),
}

/// The account to make.
#[derive(Args)]
pub(crate) struct Create {
    /// Its name [default: its id].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The address of whoever answers for it [default: ID@account.invalid].
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Its id, twelve digits [default: drawn].
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Write the access key to this new file, as AWS's tools read it, rather than print it.
    #[arg(long, value_name = "FILE")]
    new_credentials_file: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// The account to close.
#[derive(Args)]
pub(crate) struct Close {
    /// Its id, twelve digits.
    id: String,
    #[command(flatten)]
    target: Target,
}

impl Account {
    /// Does it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(&self) -> Result<(), String> {
        match self {
            Self::Create(create) => create.run(),
            Self::List(target) => list(target),
            Self::Close(Close { id, target }) => {
                target.call("CloseAccount", &json!({"AccountId": id})).map(drop)
            }
        }
    }
}

impl Create {
    fn run(&self) -> Result<(), String> {
        // The file first: an account whose key nobody has read would be of no use.
        let file = self.new_credentials_file.as_deref().map(|path| {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            made.map(|file| (path, file))
                .map_err(|error| format!("cannot make `{}`: {error}", path.display()))
        });
        let file = file.transpose()?;
        let mut input = Map::new();
        let given = [("Name", &self.name), ("Email", &self.email), ("AccountId", &self.id)];
        for (name, value) in given {
            input.extend(value.clone().map(|value| (name.to_owned(), Value::String(value))));
        }
        let made = match self.target.call("CreateAccount", &Value::Object(input)) {
            Ok(made) => made,
            Err(error) => {
                if let Some((path, _)) = file {
                    // An empty file would keep the next try from being made.
                    std::fs::remove_file(path).unwrap_or_default();
                }
                return Err(error);
            }
        };
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default();
        let account = made.get("Account").and_then(|account| account.get("Id"));
        let account = account.and_then(Value::as_str).unwrap_or_default();
        let (id, secret) = (text("AccessKeyId"), text("SecretAccessKey"));
        match file {
            Some((path, file)) => {
                keep(path, file, id, secret)?;
                print(&format!(
                    "# account {account} was made\nexport AWS_SHARED_CREDENTIALS_FILE={}\n",
                    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display()
                ))
            }
            None => print(&format!(
                "# account {account} was made; its secret is shown this once\n\
                 export AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={secret}\n"
            )),
        }
    }
}

fn keep(path: &Path, mut file: std::fs::File, id: &str, secret: &str) -> Result<(), String> {
    let text = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

fn list(target: &Target) -> Result<(), String> {
    target.pages("ListAccounts", json!({}), |page| {
        for account in page.get("Accounts").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default();
            let of = [text("Id"), text("Status"), text("Name"), text("Email")];
            print(&format!("{}\n", of.join("\t")))?;
        }
        Ok(())
    })
}

fn print(text: &str) -> Result<(), String> {
    let printed = std::io::stdout().lock().write_all(text.as_bytes());
    printed.map_err(|error| format!("cannot print: {error}"))
}
