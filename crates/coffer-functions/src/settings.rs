//! What the operator decides about functions, and what this crate needs of its process.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;

use crate::function::Credentials;

/// What this crate is given of the process that it is in.
pub trait Host: Send + Sync {
    /// The server's time, which credentials end by; `coffer dev` may have moved it.
    fn now(&self) -> Timestamp;

    /// The real time, which functions see as well.
    fn real_now(&self) -> Timestamp;

    /// Bytes that nobody can guess.
    fn random(&self) -> [u8; 16];

    /// Signs a request as clients of AWS's Lambda do, at the real time.
    ///
    /// # Errors
    /// A sentence for the operator.
    fn sign(
        &self,
        head: &mut http::request::Parts,
        body: &[u8],
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), String>;

    /// Spawns a task of the process.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);
}

/// What the operator decides about functions.
#[derive(Clone)]
pub struct Settings {
    /// Where code is unpacked and scratch folders are made. It belongs to one process, which empties
    /// it at start; the users that functions run as must be able to pass through the folders above.
    pub working_folder: PathBuf,
    /// The loopback address of the Runtime API; every instance has a port of its own.
    pub listen_address: Ipv4Addr,
    /// The command that runs [`crate::launcher::run`] with the arguments that follow it.
    pub launcher: Vec<String>,
    /// The runtimes that functions may name; the first that fits is taken.
    pub runtimes: Vec<Runtime>,
    /// Commands of this host that functions may be, by name.
    pub commands: BTreeMap<String, Vec<String>>,
    /// URLs of services that answer the Invoke API, which functions may be.
    pub urls: Vec<String>,
    /// How the certificates of such services are verified; without it only `http` URLs of loopback
    /// addresses are asked.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Whether what functions write is written to the log of this process, at the target `function`.
    pub logs_lines: bool,
    /// Who functions run as.
    pub run_as: RunAs,
    /// Whether functions are started where the kernel has no Landlock.
    pub confinement: Confinement,
    /// Folders that functions must not read, such as the data directory; the working folder is one
    /// of them anyway, but for a function's own code and scratch.
    pub hidden_folders: Vec<PathBuf>,
    /// Variables for every function, such as `AWS_CA_BUNDLE`; a function's own come before them.
    pub environment: BTreeMap<String, String>,
    /// How many instances there may be in all, and besides how many services are asked at one time.
    pub instances_max: usize,
    /// How many instances of one function there may be.
    pub instances_per_function_max: usize,
    /// How long an instance is kept without an invocation.
    pub idle_time_max: Duration,
    /// How many processes and threads a user of functions may have; only with [`RunAs::Users`].
    pub processes_max: u64,
}

/// Names of runtimes and the command that starts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// A runtime's name, or with `*` at its end what names begin with: `python3.*`.
    pub name: String,
    /// Program and arguments; `{handler}`, `{task_root}` and `{runtime_dir}` are filled in.
    pub command: Vec<String>,
}

/// Who functions run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAs {
    /// The user of this process, who is not root.
    Caller,
    /// The user of this process, who is root: for throw-away servers and tests.
    Root,
    /// Users that are nobody else's, from this one on. Each instance has one of its own where there
    /// are as many of them as there may be instances, which keeps functions apart best. This process
    /// must be root.
    Users {
        /// The first of the users.
        uid_first: u32,
        /// How many users there are.
        uids: u32,
        /// The group of them all.
        gid: u32,
    },
}

/// Whether functions are started where the kernel cannot confine them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// A function is not started without Landlock.
    Required,
    /// Landlock is used where the kernel has it.
    WherePossible,
}

/// Settings that functions cannot be run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSettings(pub String);

/// Whether this process is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Settings {
    /// Settings that run functions as the caller, with the usual runtimes and limits.
    pub fn new(working_folder: PathBuf) -> Self {
        Self {
            working_folder,
            listen_address: Ipv4Addr::LOCALHOST,
            launcher: vec!["/proc/self/exe".to_owned(), "function-launcher".to_owned()],
            runtimes: Runtime::usual(),
            commands: BTreeMap::new(),
            urls: Vec::new(),
            tls: None,
            logs_lines: false,
            run_as: RunAs::Caller,
            confinement: Confinement::WherePossible,
            hidden_folders: Vec::new(),
            environment: BTreeMap::new(),
            instances_max: INSTANCES_MAX,
            instances_per_function_max: INSTANCES_PER_FUNCTION_MAX,
            idle_time_max: IDLE_TIME_MAX,
            processes_max: PROCESSES_MAX,
        }
    }

    /// Finds what is wrong before anything is started.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn check(&self) -> Result<(), InvalidSettings> {
        let fault = if !self.listen_address.is_loopback() {
            format!("functions listen on loopback only, not on {}", self.listen_address)
        } else if self.launcher.is_empty() || self.runtimes.iter().any(|it| it.command.is_empty()) {
            "a command is empty: give the launcher and each runtime a program".to_owned()
        } else if self.instances_max == 0 || self.instances_per_function_max == 0 {
            "no function could be run: let there be at least one instance".to_owned()
        } else {
            return self.run_as.must_be_possible();
        };
        Err(InvalidSettings(fault))
    }

    /// The command of a runtime, if functions may name it.
    pub(crate) fn runtime(&self, name: &str) -> Option<&Runtime> {
        self.runtimes.iter().find(|runtime| runtime.is_for(name))
    }
}

impl RunAs {
    /// Makes sure that this process can run functions so.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn must_be_possible(self) -> Result<(), InvalidSettings> {
        let is_root = is_root();
        let fault = match self {
            Self::Caller if is_root => {
                "functions are not run as root: give them users of their own"
            }
            Self::Users { .. } if !is_root => {
                "only root can run functions as other users: start the server as root, or run them \
                 as its own user"
            }
            Self::Users { uid_first, uids, gid } => {
                let is_range = uids > 0 && uid_first.checked_add(uids).is_some();
                if uid_first > 0 && gid > 0 && is_range {
                    return Ok(());
                }
                "users and group of functions are numbers above 0"
            }
            Self::Caller | Self::Root => return Ok(()),
        };
        Err(InvalidSettings(fault.to_owned()))
    }
}

impl Runtime {
    /// Python by AWS's `awslambdaric`, Node by the client of this crate, and any `bootstrap`.
    pub fn usual() -> Vec<Self> {
        let runtime = |name: &str, command: &[&str]| Self {
            name: name.to_owned(),
            command: command.iter().map(|&word| word.to_owned()).collect(),
        };
        vec![
            runtime("python3.*", &["python3", "-m", "awslambdaric", "{handler}"]),
            runtime("nodejs*", &["node", "{runtime_dir}/nodejs.mjs", "{handler}"]),
            runtime("provided*", &["{task_root}/bootstrap"]),
        ]
    }

    fn is_for(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.name,
        }
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InvalidSettings {}

const INSTANCES_MAX: usize = 32;
const INSTANCES_PER_FUNCTION_MAX: usize = 8;
const IDLE_TIME_MAX: Duration = Duration::from_secs(300);
/// What AWS lets an execution environment have.
const PROCESSES_MAX: u64 = 1024;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::path::PathBuf;

    use super::{RunAs, Settings};

    fn fault(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::new(PathBuf::from("/nowhere"));
        settings.run_as = RunAs::Root;
        change(&mut settings);
        settings.check().map_or_else(|invalid| invalid.0, |()| "fine".to_owned())
    }

    #[test]
    fn what_cannot_work_is_said_before_anything_is_started() {
        assert_eq!(fault(|_| ()), "fine");
        assert!(fault(|it| it.listen_address = Ipv4Addr::UNSPECIFIED).contains("loopback only"));
        assert!(fault(|it| it.launcher.clear()).contains("a command is empty"));
        assert!(fault(|it| it.instances_max = 0).contains("at least one instance"));
        let root = RunAs::Users { uid_first: 0, uids: 1, gid: 5 };
        assert_ne!(fault(|it| it.run_as = root), "fine");
    }

    #[test]
    fn runtimes_are_found_by_name_or_beginning() {
        let settings = Settings::new(PathBuf::from("/nowhere"));
        let program = |name| settings.runtime(name).map(|runtime| runtime.command[0].clone());
        assert_eq!(program("python3.13").as_deref(), Some("python3"));
        assert_eq!(program("nodejs22.x").as_deref(), Some("node"));
        assert_eq!(program("provided.al2023").as_deref(), Some("{task_root}/bootstrap"));
        assert_eq!(program("python2.7"), None);
        assert_eq!(program("java21"), None);
    }
}
