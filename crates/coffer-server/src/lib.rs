//! Listeners, TLS, configuration, the job runner and the process runtime.

pub mod audit;
mod backups;
mod beyond;
mod body;
mod certificate;
mod clock_watch;
mod command_line;
pub mod config;
mod connection;
mod files;
pub mod function_options;
pub mod function_sources;
pub mod function_users;
mod functions;
mod head_timer;
mod internet;
mod jobs;
mod listen;
mod log;
mod metrics;
mod migrate;
mod open;
mod peers;
mod readiness;
mod restore;
mod root_key;
mod rotators;
mod run;
pub mod runtime;
mod serve;
mod tls;
mod traces;
mod trail;
mod trust;

pub use command_line::CommandLine;
#[cfg(feature = "fuzzed")]
pub use config::fuzzed;
pub use config::{DevOptions, ServerOptions};
pub use migrate::{MigrateOptions, migrate_store};
pub use restore::{RestoreOptions, Verified, restore_store, verify_backup};
pub use root_key::Provider;
pub use run::{StartError, run_dev, run_server};
