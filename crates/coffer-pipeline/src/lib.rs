//! The road every request and every job takes:
//! receive, authenticate, decode, authorize, decide, respond.
//!
//! Each room of [`road`] returns a type that only it can make, so no room can be skipped.

pub mod audit;
pub mod authorization;
pub mod call;
pub mod context;
pub mod demand;
pub mod event;
pub mod identity;
pub mod job;
pub mod operation;
pub mod outside;
pub mod permissions;
pub mod quota;
pub mod retention;
pub mod road;
pub mod root_key;
pub mod sealing;
pub mod spans;
pub mod tallies;
pub mod world;

pub use audit::AuditRecord;
pub use call::Call;
pub use coffer_policy::{ContextValue, ContextValues, Decision, Outcome};
pub use coffer_protocol::rest::Http;
pub use context::{Caller, CallerKind, RequestContext, Scope};
pub use demand::{Demand, Facts, FederatedPrincipal, Guard, KeyValues, Nothing, requested_tags};
pub use event::EventRecord;
pub use job::{Errand, Job, JobRecord, Prepared, Verdict};
pub use operation::{Access, Entry, Operation, Protocol, Service, Signing};
pub use outside::{
    BackupMade, BackupOrder, Backups, FunctionCode, FunctionCodeSource, FunctionCredentials,
    FunctionHost, FunctionOrder, FunctionOutcome, NamedCode, NewValue, NoBackups, NoFunctions,
    NoOutside, NotRotated, NotRun, NotTold, Outside, PeerRights, ReplicaPlace, RotatorAction,
    RotatorKind, RotatorStep, Unreachable, ZipCode,
};
pub use permissions::Permissions;
pub use quota::{Quota, QuotaScope, Quotas, RequestRate};
pub use road::{Answer, Foreseen, Received, Road, TlsSession};
pub use root_key::{NextRootKey, RootKeyRing, RootKeySource, StoreKeyRow};
pub use tallies::{Tallies, TallyCounts};
pub use world::{Clock, NotMovable, Turns, World};
