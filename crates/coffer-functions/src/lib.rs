//! Lambda functions as child processes of this host, under the Lambda Runtime API (2018-06-01).
//!
//! [`Functions`] invokes a [`Function`]: it unpacks the function's code once, starts a process that
//! speaks the Runtime API, hands it the event and waits for its answer. A process serves one
//! invocation at a time and is kept for the next one for a while, as AWS does. Between coffer and a
//! function's process stands its keeper (see [`launcher`]), which ends the whole tree of processes
//! whatever they do, and whatever becomes of coffer.
//!
//! This crate knows nothing of services, stores or callers.
//!
//! What it needs of its host: Linux with `/proc` (also `/proc/net`), a working folder that the users
//! of functions can pass through, and, where a service manager stops the server, that it tells the
//! server alone and leaves the end of functions to it (systemd: `KillMode=mixed`). Landlock (Linux
//! 5.13) is used where there is any.

mod archive;
mod code_folders;
mod environment;
mod exchange;
mod function;
mod functions;
mod instance;
pub mod launcher;
mod left_behind;
mod log_lines;
mod log_tail;
mod outcome;
mod peer;
mod pool;
mod process_tree;
mod program;
mod runtime_api;
mod settings;
mod start;
mod url_function;
mod watched;

pub use archive::{ArchiveContents, InvalidArchive, ZIP_BYTES_MAX, inspect};
pub use environment::{ENVIRONMENT_BYTES_MAX, RESERVED_VARIABLES};
pub use function::{Code, Credentials, Function, Invocation, Supply};
pub use functions::Functions;
pub use left_behind::remove_left_behind;
pub use outcome::{Failure, FailureKind, FunctionError, Outcome, PAYLOAD_BYTES_MAX};
pub use program::must_be_runnable;
pub use settings::is_root;
pub use settings::{Confinement, Host, InvalidSettings, RunAs, Runtime, Settings};
pub use url_function::url_of;
