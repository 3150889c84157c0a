//! Where the root key comes from: one of four providers, each in a file of its own.

mod command;
pub(crate) mod credential;
mod file;
mod variable;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use coffer_model::Sensitive;
use coffer_pipeline::{NextRootKey, RootKeySource};
use coffer_seal::{Entropy, RootKey};
use zeroize::Zeroizing;

use crate::command_line::CommandLine;

/// Where the operator keeps the root key.
#[derive(Debug)]
pub enum Provider {
    /// In a file, which is made on first start.
    File(PathBuf),
    /// In the environment variable [`VARIABLE`]: its value.
    Variable(Sensitive<String>),
    /// In a credential that systemd hands over: its file.
    Credential(PathBuf),
    /// In what a command prints.
    Command(CommandLine),
}

impl Provider {
    /// Reads the root key; nothing where it is to be in a file that is not there.
    ///
    /// `wanted` is the id of the key that opens the store. It matters where a change of the root
    /// key was cut short: its file is then found beside the one before it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(&self, wanted: Option<&str>) -> Result<Option<RootKey>, String> {
        match self {
            Self::File(path) => file::read_wanted(path, wanted),
            Self::Variable(text) => variable::read(text).map(Some),
            Self::Credential(path) => credential::read(path).map(Some),
            Self::Command(command) => command.read().map(Some),
        }
    }

    /// Draws the key of a new store, which only a file can keep.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn make(&self, entropy: &dyn Entropy) -> Result<RootKey, String> {
        match self {
            Self::File(path) => file::make(path, entropy),
            Self::Variable(_) | Self::Credential(_) | Self::Command(_) => {
                Err(format!("{self} gives no root key"))
            }
        }
    }
}

impl std::fmt::Display for Provider {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(out, "file `{}`", path.display()),
            Self::Variable(_) => write!(out, "variable {VARIABLE}"),
            Self::Credential(path) => write!(out, "credential `{}`", path.display()),
            Self::Command(command) => write!(out, "command `{command}`"),
        }
    }
}

/// The providers at work for a server that serves: they give it its next root key.
pub(crate) struct NextKeys {
    pub(crate) provider: Arc<Provider>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

#[async_trait]
impl RootKeySource for NextKeys {
    async fn next(&self, from: &NextRootKey) -> Result<RootKey, String> {
        let (provider, entropy) = (self.provider.clone(), self.entropy.clone());
        let from = from.clone();
        // Files and commands make whoever asks for them wait.
        let read = move || match (&from, provider.as_ref()) {
            (NextRootKey::Drawn, Provider::File(path)) => file::draw_beside(path, entropy.as_ref()),
            (NextRootKey::Drawn, other) => Err(format!(
                "the root key is in {other}, where the server cannot put a new one; put the new one \
                 there yourself and say --reread, or name a file with --new-root-key-file"
            )),
            (NextRootKey::File(path), _) => {
                let path = PathBuf::from(path);
                let missing = || format!("no root key at `{}`", path.display());
                file::read(&path)?.ok_or_else(missing)
            }
            (NextRootKey::Reread, Provider::Variable(_)) => Err(format!(
                "{VARIABLE} stays as it is while the server runs; name a file with \
                 --new-root-key-file"
            )),
            (NextRootKey::Reread, other) => {
                other.read(None)?.ok_or_else(|| format!("{other} gives no root key"))
            }
        };
        let done = tokio::task::spawn_blocking(read).await;
        done.unwrap_or_else(|error| Err(format!("reading the new root key ended badly: {error}")))
    }

    async fn settle(&self, id: &str) -> Result<(), String> {
        match self.provider.as_ref() {
            Provider::File(path) => file::settle(path, id),
            Provider::Variable(_) | Provider::Credential(_) | Provider::Command(_) => Ok(()),
        }
    }

    async fn adopt(&self, next: &RootKey) -> Result<(), String> {
        match self.provider.as_ref() {
            Provider::File(path) => file::adopt(path, next),
            // The server cannot put a key there: the operator does.
            Provider::Variable(_) | Provider::Credential(_) | Provider::Command(_) => Ok(()),
        }
    }
}

/// Takes a text for a root key, and says where it came from if it is none.
fn parse(text: &Zeroizing<String>, place: &dyn std::fmt::Display) -> Result<RootKey, String> {
    RootKey::parse(text).map_err(|error| {
        format!(
            "cannot use root key in {place}: {error}; bring the right one back, or for a new store \
             make one with `openssl rand -base64 32`"
        )
    })
}

/// The environment variable that may hold the root key.
pub(crate) const VARIABLE: &str = "COFFER_ROOT_KEY";
/// More than any text of a root key has, blanks around it included.
const TEXT_BYTES_MAX: usize = 4096;
