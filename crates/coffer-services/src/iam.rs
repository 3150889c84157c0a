//! Identity and Access Management: users, groups, roles, their keys and policies.

mod aws_managed;
mod create_user;
pub mod errors;
mod find;
mod get_user;
mod id;
mod pages;
mod path;
mod permissions;
mod policy_text;
mod tags;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

/// IAM on the port.
pub const SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    operations: &[
        // Users, groups, access keys, MFA devices, the account.
        Entry::of::<create_user::CreateUser>(),
        Entry::of::<get_user::GetUser>(),
        // Roles, managed policies, instance profiles, providers, simulation.
    ],
};
