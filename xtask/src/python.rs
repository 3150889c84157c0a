//! The Python environment of the client tests: `.venv`, with pinned requirements.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::packages::{install, output};
use crate::stage::{Failure, root, say, status};

/// A virtual environment that holds exactly what `requirements.txt` names.
pub(crate) struct Environment {
    directory: PathBuf,
}

impl Environment {
    /// The path of a program that the environment holds.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join("bin").join(name)
    }
}

/// Gives the environment, made anew when the requirements or the interpreter have changed.
pub(crate) fn environment() -> Result<Environment, Failure> {
    let environment = Environment { directory: root().join(".venv") };
    let requirements = root().join(REQUIREMENTS);
    let wanted = fs::read_to_string(&requirements)
        .map_err(|error| Failure::Stopped(format!("cannot read `{REQUIREMENTS}`: {error}")))?;
    let python = interpreter()?;
    let wanted = format!("{}\n{wanted}", python.version);
    let stamp = environment.directory.join("requirements.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        say(&format!("{} is as `{REQUIREMENTS}` says", environment.directory.display()));
        return Ok(environment);
    }
    let mut make = Command::new(python.program);
    make.args(["-m", "venv", "--clear"]).arg(&environment.directory);
    status("make the virtual environment", &mut make)?;
    let mut install = Command::new(environment.program("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--requirement"]).arg(&requirements);
    status("install the requirements", &mut install)?;
    // Written last: an installation that was cut short is done again.
    fs::write(&stamp, wanted).map_err(|error| {
        Failure::Stopped(format!("cannot write `{}`: {error}", stamp.display()))
    })?;
    Ok(environment)
}

struct Interpreter {
    program: &'static str,
    version: String,
}

fn interpreter() -> Result<Interpreter, Failure> {
    let found = PROGRAMS.iter().find_map(|program| {
        let version = output(program, &["-c", VERSION_WHEN_NEW_ENOUGH])?;
        Some(Interpreter { program, version: version.trim().to_owned() })
    });
    let Some(found) = found else {
        let reason = "cannot find Python 3.10 or newer; install it (Debian and Ubuntu: apt-get \
                      install python3 python3-venv) and try again";
        return Err(Failure::Stopped(reason.to_owned()));
    };
    if has_venv(found.program) {
        return Ok(found);
    }
    // Debian keeps `ensurepip` in a package of its own.
    if install(&["python3-venv"])? && has_venv(found.program) {
        return Ok(found);
    }
    Err(Failure::Stopped(format!(
        "`{}` cannot make virtual environments: its module `ensurepip` is missing; install it \
         (Debian and Ubuntu: apt-get install python3-venv) and try again",
        found.program
    )))
}

fn has_venv(program: &str) -> bool {
    output(program, &["-c", "import ensurepip, venv"]).is_some()
}

const REQUIREMENTS: &str = "tests/sdk/python/requirements.txt";
const PROGRAMS: &[&str] =
    &["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
// boto3 asks for 3.10.
const VERSION_WHEN_NEW_ENOUGH: &str =
    "import sys; sys.version_info >= (3, 10) or sys.exit(1); print(sys.version)";
