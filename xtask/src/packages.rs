//! The system's packages, installed where that is allowed.

use std::process::{Command, Stdio};

use crate::stage::{Failure, status};

/// Installs packages; nothing is done, and false told, where that is not for this user or system.
pub(crate) fn install(packages: &[&str]) -> Result<bool, Failure> {
    let is_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !is_root || output("apt-get", &["-v"]).is_none() {
        return Ok(false);
    }
    status("apt-get update", Command::new("apt-get").args(["update", "--quiet"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
    // Nobody is asked, and no service that a package brings is started.
    install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    status("apt-get install", &mut install)?;
    Ok(true)
}

/// What a program prints, when it can be run and ends well.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
