//! The servers that rotations are tried with.

pub(crate) mod mariadb;
pub(crate) mod postgresql;
pub(crate) mod redis;
