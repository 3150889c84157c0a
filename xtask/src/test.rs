//! `cargo xtask test`: everything that must pass before a change is merged.

use std::process::Command;

use crate::stage::{Failure, program, stage, status};
use crate::{programs, python};

/// Runs the checks and the Rust tests, then the real AWS clients against real servers.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let plan = Plan::parse(args)?;
    // First of all: also a Rust test reads the AWS models that botocore brings.
    let environment = stage("environment", python::environment)?;
    stage("programs", programs::installed)?;
    if plan.half != Some(Half::Python) {
        rust(&plan)?;
    }
    if plan.half != Some(Half::Rust) {
        clients(&plan, &environment)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Rust,
    Python,
}

#[derive(Debug, PartialEq, Eq)]
struct Plan {
    half: Option<Half>,
    filter: Option<String>,
}

impl Plan {
    fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut plan = Self { half: None, filter: None };
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            match arg {
                "--only" => {
                    plan.half = Some(match args.next() {
                        Some("rust") => Half::Rust,
                        Some("python") => Half::Python,
                        _ => return Err(usage("`--only` is followed by `rust` or `python`")),
                    });
                }
                flag if flag.starts_with('-') => {
                    return Err(usage(&format!("unknown flag `{flag}`")));
                }
                filter if plan.filter.is_none() => plan.filter = Some(filter.to_owned()),
                extra => return Err(usage(&format!("one FILTER only, `{extra}` is a second"))),
            }
        }
        Ok(plan)
    }
}

fn usage(problem: &str) -> Failure {
    Failure::Usage(format!("{problem}; usage: cargo xtask test [--only rust|python] [FILTER]"))
}

fn rust(plan: &Plan) -> Result<(), Failure> {
    match &plan.filter {
        // With a filter somebody is at work on one thing; the checks would only be in the way.
        Some(filter) => {
            program("rust tests", "cargo", &["test", "--workspace", "--quiet", "--", filter])
        }
        None => {
            crate::check::run(&[])?;
            program("rust tests", "cargo", &["test", "--workspace", "--quiet"])
        }
    }
}

fn clients(plan: &Plan, environment: &python::Environment) -> Result<(), Failure> {
    // The development profile: `cargo test` has built all of its dependencies already, so the
    // server costs seconds here, where a release build would cost minutes.
    program("server binary", "cargo", &["build", "--package", "coffer", "--quiet"])?;
    let binary = std::env::current_exe()
        .map_err(|error| Failure::Stopped(format!("cannot find the target directory: {error}")))?
        .with_file_name(format!("coffer{}", std::env::consts::EXE_SUFFIX));
    stage("python tests", || {
        let mut pytest = Command::new(environment.program("python"));
        pytest.args(["-m", "pytest", "-q", "--numprocesses", WORKERS, "--dist", "loadscope"]);
        pytest.arg("tests/sdk/python").env("COFFER_BINARY", &binary);
        if let Some(filter) = &plan.filter {
            pytest.args(["-k", filter]);
        }
        match status("python tests", &mut pytest) {
            // A filter that names Rust tests leaves nothing for pytest, which is not a failure.
            Err(Failure::Exit { code: NOTHING_COLLECTED, .. })
                if plan.filter.is_some() && plan.half.is_none() =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    })
}

/// Two cores are what is promised; the servers need their share of them too.
const WORKERS: &str = "2";
const NOTHING_COLLECTED: u8 = 5;

#[cfg(test)]
mod tests {
    use super::{Half, Plan};

    fn parse(args: &[&str]) -> Option<Plan> {
        Plan::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).ok()
    }

    #[test]
    fn a_plan_is_read_from_its_arguments() {
        let filter = Some("labels".to_owned());
        assert_eq!(parse(&[]), Some(Plan { half: None, filter: None }));
        assert_eq!(
            parse(&["--only", "python", "labels"]),
            Some(Plan { half: Some(Half::Python), filter: filter.clone() })
        );
        assert_eq!(
            parse(&["labels", "--only", "rust"]),
            Some(Plan { half: Some(Half::Rust), filter })
        );
    }

    #[test]
    fn arguments_that_mean_nothing_are_refused() {
        for args in [&["--only"][..], &["--only", "ruby"], &["--fast"], &["one", "two"]] {
            assert_eq!(parse(args), None, "{args:?}");
        }
    }
}
