//! Listeners, TLS, configuration, the job runner and the process runtime.

pub mod audit;
mod beyond;
mod body;
pub mod config;
mod connection;
mod databases;
mod files;
mod head_timer;
mod internet;
mod jobs;
mod listen;
mod log;
mod metrics;
mod open;
mod readiness;
mod root_key;
mod run;
pub mod runtime;
mod serve;
mod tls;
mod trail;
mod trust;

pub use config::{DevOptions, ServerOptions};
pub use root_key::{CommandLine, Provider};
pub use run::{StartError, run_dev, run_server};
