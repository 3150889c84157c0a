//! The databases that tests of rotators start: their programs, installed where that is allowed.

use std::path::Path;

use crate::packages::install;
use crate::stage::{Failure, say};

/// Makes sure that the programs are there.
pub(crate) fn installed() -> Result<(), Failure> {
    let missing: Vec<&Database> = DATABASES.iter().filter(|it| !it.is_installed()).collect();
    if missing.is_empty() {
        let names: Vec<&str> = DATABASES.iter().map(|it| it.name).collect();
        say(&format!("{} are installed", names.join(", ")));
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|it| it.packages).copied().collect();
    if install(&packages)? && missing.iter().all(|it| it.is_installed()) {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|it| it.name).collect();
    Err(Failure::Stopped(format!(
        "tests of rotators start servers that are not installed: {}; install them (Debian and \
         Ubuntu: apt-get install {}) and try again",
        names.join(", "),
        packages.join(" ")
    )))
}

struct Database {
    name: &'static str,
    packages: &'static [&'static str],
    programs: &'static [&'static str],
}

impl Database {
    fn is_installed(&self) -> bool {
        self.programs.iter().all(|program| {
            let is_there = |directory: &str| Path::new(directory).join(program).exists();
            ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].into_iter().any(is_there)
                || is_of_a_version(program)
        })
    }
}

/// Debian keeps the programs of each version of PostgreSQL in a directory of its own.
fn is_of_a_version(program: &str) -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin").join(program).exists())
}

const DATABASES: &[Database] = &[
    Database {
        name: "PostgreSQL",
        packages: &["postgresql", "postgresql-client"],
        programs: &["initdb", "postgres", "psql"],
    },
    Database {
        name: "MariaDB",
        packages: &["mariadb-server", "mariadb-client"],
        programs: &["mariadb-install-db", "mariadbd", "mariadb"],
    },
    Database {
        name: "Redis",
        packages: &["redis-server", "redis-tools"],
        programs: &["redis-server", "redis-cli"],
    },
];
