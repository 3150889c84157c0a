//! The real binary on loopback: its starts, its stops, its configuration, its TLS.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may unwrap")]

mod configuration;
mod dev;
mod events;
mod hang_up;
mod process;
mod start;
mod stop;
mod tls;
