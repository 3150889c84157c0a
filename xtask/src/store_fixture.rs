//! `cargo xtask store-fixture`: keeps a whole store as this very state makes one.

use std::fs;
use std::process::Command;

use crate::stage::{Failure, root, say, stage, status};
use crate::{programs, python, tidy};

/// Has a real server filled by a script, and keeps what it leaves in `tests/stores`.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    if !args.is_empty() {
        return Err(Failure::Usage("usage: cargo xtask store-fixture".to_owned()));
    }
    let environment = stage("environment", python::environment)?;
    stage("programs", programs::installed)?;
    let mut build = Command::new("cargo");
    status("server binary", build.args(["build", "--package", "coffer", "--quiet"]))?;
    let versions = root().join("target").join(tidy::stores::FILE);
    fs::write(&versions, tidy::stores::written(&tidy::present_versions()?)).map_err(|error| {
        Failure::Stopped(format!("cannot write {}: {error}", versions.display()))
    })?;
    let mut make = Command::new(environment.program("python"));
    make.current_dir(root().join("tests/sdk/python"));
    status("the store", make.args(["kept_store.py", "make"]).arg(&versions))?;
    say("the store is in tests/stores; add it as it is, and never change it");
    Ok(())
}
