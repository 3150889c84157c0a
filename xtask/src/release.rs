//! `cargo xtask release`: the binary that is delivered, compiled for how it is used.
//!
//! The compiler is given a profile: which code runs how often under load, counted by a binary that is
//! built to count. What runs together is then put together, which is worth a fifth of the CPU of a
//! read (docs/performance.md).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages::output;
use crate::stage::{Failure, root, say, stage, status};

/// The delivered binary, in the repository's root.
pub(crate) const BINARY: &str = "target/dist/coffer";

/// Builds it.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    if !args.is_empty() {
        return Err(Failure::Usage("usage: cargo xtask release".to_owned()));
    }
    let host = host()?;
    let merger = merger(&host)?;
    let folder = root().join("target/profile");
    let (counts, profile) = (folder.join("counts"), folder.join("coffer.profdata"));
    let counting = stage("build that counts", || {
        // In the same way as the last build but for this: counts of a build without LTO were measured
        // to be worth nothing here.
        build(&host, &folder.join("counting"), "-Cprofile-generate")
    })?;
    stage("count under load", || {
        // Those of another build would be merged too.
        fs::remove_dir_all(&counts).ok();
        let tool = ["build", "--release", "--quiet", "--package", "coffer-bench"];
        status("bench", Command::new("cargo").args(tool))?;
        let mut train = Command::new("taskset");
        train.args(["--cpu-list", "1", "target/release/coffer-bench", "train", "--coffer"]);
        train.arg(&counting).env("LLVM_PROFILE_FILE", counts.join("%p-%m.profraw"));
        status("train", &mut train)?;
        let mut merge = Command::new(&merger);
        status("merge", merge.args(["merge", "--sparse", "-o"]).args([&profile, &counts]))
    })?;
    let built = stage("build by the counts", || {
        let uses = format!("-Cprofile-use={}", profile.display());
        build(&host, &folder.join("profiled"), &uses)
    })?;
    let binary = root().join(BINARY);
    let placed = binary.parent().map_or(Ok(()), fs::create_dir_all);
    let placed = placed.and_then(|()| fs::copy(&built, &binary));
    placed.map_err(|error| Failure::Stopped(format!("cannot write `{BINARY}`: {error}")))?;
    say(&format!("built {BINARY}"));
    Ok(())
}

/// Builds in release with one more flag for the compiler, in a directory of its own, so that flags do
/// not have each other's work done anew.
fn build(host: &str, target: &Path, flag: &str) -> Result<PathBuf, Failure> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--quiet", "--package", "coffer"]);
    // With a target, the flags are not for build scripts and macros.
    build.args(["--target", host, "--target-dir"]).arg(target).env("RUSTFLAGS", flag);
    status("build", &mut build)?;
    Ok(target.join(host).join("release/coffer"))
}

/// The platform's name.
pub(crate) fn host() -> Result<String, Failure> {
    let told = rustc(&["-vV"])?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::Stopped("rustc names no host".to_owned()))
}

/// The program that merges counts: it goes with the compiler, as their form does.
fn merger(host: &str) -> Result<PathBuf, Failure> {
    let sysroot = rustc(&["--print", "sysroot"])?;
    let merger = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/llvm-profdata");
    if !merger.exists() {
        let mut add = Command::new("rustup");
        let added = status("llvm-tools", add.args(["component", "add", "llvm-tools"]));
        if added.is_err() || !merger.exists() {
            let reason = "cannot find llvm-profdata beside rustc; install it with `rustup component \
                          add llvm-tools` and try again";
            return Err(Failure::Stopped(reason.to_owned()));
        }
    }
    Ok(merger)
}

fn rustc(args: &[&str]) -> Result<String, Failure> {
    output("rustc", args).ok_or_else(|| Failure::Stopped("cannot run rustc".to_owned()))
}
