//! `cargo xtask fuzz`: looks for inputs that no test has, in bounded time and memory.
//!
//! The engine is libFuzzer, which the compiler that builds everything else can serve: what counts is put
//! in by a pass of LLVM, for which no other toolchain is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::release::host;
use crate::stage::{Failure, root, say, stage, status};

/// Builds the engine with all targets, and runs one of them, or each in turn.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let plan = Plan::parse(args)?;
    let targets = targets()?;
    let chosen: Vec<&String> =
        targets.iter().filter(|it| plan.target.as_ref().is_none_or(|name| name == *it)).collect();
    if chosen.is_empty() {
        return Err(usage(&format!("the targets are {}", targets.join(", "))));
    }
    let engine = stage("engine", build)?;
    for target in chosen {
        stage(&format!("fuzz {target}"), || attend(&engine, target, &plan))?;
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    target: Option<String>,
    seconds: Option<u32>,
    input: Option<String>,
    keeps: bool,
}

impl Plan {
    fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut plan = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--seconds" => {
                    let seconds = args.next().and_then(|text| text.parse().ok());
                    plan.seconds =
                        Some(seconds.ok_or_else(|| usage("`--seconds` is followed by a number"))?);
                }
                "--input" => {
                    let input = args.next().ok_or_else(|| usage("`--input` is followed by a file"));
                    plan.input = Some(input?.clone());
                }
                "--keep" => plan.keeps = true,
                flag if flag.starts_with('-') => {
                    return Err(usage(&format!("unknown flag `{flag}`")));
                }
                target if plan.target.is_none() => plan.target = Some(target.to_owned()),
                extra => return Err(usage(&format!("one TARGET only, `{extra}` is a second"))),
            }
        }
        if plan.input.is_some() && plan.target.is_none() {
            return Err(usage("`--input` is for one target"));
        }
        Ok(plan)
    }
}

fn usage(problem: &str) -> Failure {
    Failure::Usage(format!(
        "{problem}; usage: cargo xtask fuzz [TARGET] [--seconds N] [--keep] [--input FILE]"
    ))
}

/// The names of the targets, which are those of the folders of their inputs.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = root().join(CORPUS);
    let stopped = |error: std::io::Error| {
        Failure::Stopped(format!("cannot list {}: {error}", folder.display()))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(stopped)? {
        names.push(entry.map_err(stopped)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn build() -> Result<PathBuf, Failure> {
    let host = host()?;
    let target = root().join("target/fuzz");
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--package", "coffer-fuzz", "--features", "engine"]);
    build.args(["--profile", "fuzz", "--target", &host, "--target-dir"]).arg(&target);
    // With a target, the flags are not for build scripts and macros.
    build.env("RUSTFLAGS", FLAGS.join(" "));
    status("engine", &mut build)?;
    Ok(target.join(host).join("fuzz/coffer-fuzz"))
}

/// Runs one target for a while, or with one input.
fn attend(engine: &Path, target: &str, plan: &Plan) -> Result<(), Failure> {
    let found = root().join("target/fuzz/found").join(target);
    let kept = root().join(CORPUS).join(target);
    fs::create_dir_all(&found)
        .map_err(|error| Failure::Stopped(format!("cannot make {}: {error}", found.display())))?;
    let mut command = Command::new(engine);
    command.arg(format!("--target={target}")).args(LIMITS);
    command.arg(format!("-artifact_prefix=target/fuzz/{target}-"));
    let outcome = match &plan.input {
        Some(input) => status(target, command.arg(input)),
        None => {
            let seconds = plan.seconds.unwrap_or(SECONDS);
            command.arg(format!("-max_total_time={seconds}")).args([&found, &kept]);
            status(target, &mut command)
        }
    };
    if outcome.is_err() {
        say(&format!(
            "the input is in the file named above, target/fuzz/{target}-…; again:\n  \
             cargo xtask fuzz {target} --input FILE\nmend what it finds, and keep it in \
             {CORPUS}/{target}/"
        ));
    }
    outcome?;
    if plan.keeps && plan.input.is_none() {
        let mut merge = Command::new(engine);
        merge.arg(format!("--target={target}")).args(LIMITS);
        merge.args(["-merge=1", "-max_len=1024"]).args([&kept, &found]);
        status(target, &mut merge)?;
    }
    Ok(())
}

const CORPUS: &str = "fuzz/corpus";
const SECONDS: u32 = 60;
/// Seconds for one input, and megabytes for all and for one allocation.
const LIMITS: [&str; 5] = [
    "-timeout=10",
    "-rss_limit_mb=2048",
    "-malloc_limit_mb=512",
    "-max_len=16384",
    "-print_final_stats=1",
];
/// What libFuzzer asks of a compiler.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=16",
];

#[cfg(test)]
mod tests {
    use super::Plan;

    fn parse(args: &[&str]) -> Option<Plan> {
        Plan::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).ok()
    }

    #[test]
    fn a_plan_is_read_from_its_arguments() {
        assert_eq!(parse(&[]), Some(Plan::default()));
        let wanted = Plan {
            target: Some("arn".to_owned()),
            seconds: Some(5),
            input: Some("file".to_owned()),
            keeps: true,
        };
        let given = ["arn", "--seconds", "5", "--keep", "--input", "file"];
        assert_eq!(parse(&given), Some(wanted));
    }

    #[test]
    fn arguments_that_mean_nothing_are_refused() {
        for args in
            [&["--seconds"][..], &["--seconds", "x"], &["a", "b"], &["--input", "f"], &["-x"]]
        {
            assert_eq!(parse(args), None, "{args:?}");
        }
    }
}
