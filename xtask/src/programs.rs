//! The databases that tests of rotators and stores start, curl, which functions in a shell are made of, and
//! what faults and certificates are made by: the system's programs, installed where that is allowed.

use std::path::Path;

use crate::packages::install;
use crate::stage::{Failure, say};

/// Makes sure that the programs are there which tests use.
pub(crate) fn installed() -> Result<(), Failure> {
    are_installed(ALL)
}

/// Makes sure that the programs are there which measurements use.
pub(crate) fn for_bench() -> Result<(), Failure> {
    are_installed(FOR_BENCH)?;
    are_installed(ALL)
}

fn are_installed(all: &[Programs]) -> Result<(), Failure> {
    let missing: Vec<&Programs> = all.iter().filter(|it| !it.is_installed()).collect();
    if missing.is_empty() {
        let names: Vec<&str> = all.iter().map(|it| it.name).collect();
        say(&format!("{} are installed", names.join(", ")));
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|it| it.packages).copied().collect();
    if install(&packages)? && missing.iter().all(|it| it.is_installed()) {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|it| it.name).collect();
    Err(Failure::Stopped(format!(
        "programs are needed that are not installed: {}; install them (Debian and \
         Ubuntu: apt-get install {}) and try again",
        names.join(", "),
        packages.join(" ")
    )))
}

struct Programs {
    name: &'static str,
    packages: &'static [&'static str],
    programs: &'static [&'static str],
}

impl Programs {
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

const ALL: &[Programs] = &[
    // The authorities are those of TLS, which the package only recommends.
    Programs { name: "curl", packages: &["curl", "ca-certificates"], programs: &["curl"] },
    Programs {
        name: "PostgreSQL",
        packages: &["postgresql", "postgresql-client"],
        programs: &["initdb", "postgres", "psql"],
    },
    Programs {
        name: "MariaDB",
        packages: &["mariadb-server", "mariadb-client"],
        programs: &["mariadb-install-db", "mariadbd", "mariadb"],
    },
    Programs {
        name: "Redis",
        packages: &["redis-server", "redis-tools"],
        programs: &["redis-server", "redis-cli"],
    },
    Programs { name: "etcd", packages: &["etcd-server"], programs: &["etcd"] },
    // Certificates, made as a guide has them made.
    Programs { name: "OpenSSL", packages: &["openssl"], programs: &["openssl"] },
    // Faults: servers are killed whole, and cut off in network namespaces.
    Programs {
        name: "iproute2, procps and util-linux",
        packages: &["iproute2", "procps", "util-linux"],
        programs: &["ip", "pkill", "unshare", "setpriv"],
    },
    // Disks that are full, slow or fail, and clocks that jump.
    Programs {
        name: "mount, strace and faketime",
        packages: &["mount", "strace", "faketime"],
        programs: &["mount", "strace", "faketime"],
    },
];

const FOR_BENCH: &[Programs] =
    &[Programs { name: "nginx", packages: &["nginx"], programs: &["nginx"] }];
