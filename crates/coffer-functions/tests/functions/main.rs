//! Functions against the runtimes that they are written for: AWS's client for Python, Node, and
//! bootstraps of several kinds, well behaved and not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests may, and have no host but themselves"
)]

mod bootstrap;
mod confinement;
mod instances;
mod misbehaviour;
mod nodejs;
mod parent;
mod python;
mod url;
mod world;
