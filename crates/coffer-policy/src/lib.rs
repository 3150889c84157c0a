//! The IAM policy language: documents are parsed once into a compiled form, and requests are
//! evaluated against all the policies that apply to them.
//!
//! ```
//! use coffer_policy::{Grammar, Policies, Policy, Principal, PrincipalKind, Request, evaluate};
//!
//! let policy = Policy::parse(
//!     r#"{"Version": "2012-10-17", "Statement": {
//!         "Effect": "Allow", "Action": "ssm:Get*", "Resource": "*"}}"#,
//!     Grammar::Identity,
//! )?;
//! let request = Request {
//!     principal: Principal {
//!         account: "111122223333".parse().ok(),
//!         kind: PrincipalKind::User,
//!         arn: "arn:aws:iam::111122223333:user/ada",
//!         id: None,
//!     },
//!     action: "ssm:GetParameter",
//!     resource: "arn:aws:ssm:us-east-1:111122223333:parameter/a",
//!     resource_account: "111122223333".parse().ok(),
//!     keys: &(),
//! };
//! let policies = Policies { identity: &[&policy], ..Policies::default() };
//! assert!(evaluate(&request, &policies).is_allowed());
//! # Ok::<(), coffer_policy::MalformedPolicy>(())
//! ```

mod action;
mod condition;
mod context;
mod date;
mod decision;
mod evaluate;
mod explain;
mod grammar;
mod json;
mod network;
mod number;
mod parse;
mod pattern;
mod policy;
mod principal;
mod request;
mod span;
mod statement;
mod template;

pub use context::{ContextKeys, ContextValue, ContextValues};
pub use decision::{Decision, Outcome, Place, PolicyType};
pub use evaluate::{allows, evaluate};
pub use explain::{Explanation, MatchedStatement, explain};
pub use grammar::{Flaw, Grammar, MalformedPolicy};
pub use policy::Policy;
pub use principal::{Principal, PrincipalEntry, PrincipalKind};
pub use request::{Policies, Request, ResourceKind, ResourcePolicy};
pub use span::{Position, Span};
pub use statement::{Effect, Statement};
