//! A network of namespaces, in which servers are cut off from each other and from who asks them.

use std::process::Command;

use crate::{run, unprivileged};

/// A network whose hosts have a namespace each, and two addresses: a near and a far one. It is made
/// within namespaces of network and mounts that the test has made for itself, which it ends with.
pub struct Network {
    hosts: usize,
}

/// A cut, which ends when it is dropped.
#[must_use = "it ends when it is dropped"]
pub struct Cut {
    routes: Vec<Vec<String>>,
}

impl Network {
    /// Makes a network of so many hosts.
    pub fn make(hosts: usize) -> Self {
        ip("link add name hosts type bridge");
        ip("address add 10.77.0.1/24 dev hosts");
        ip("address add 10.77.1.1/24 dev hosts");
        ip("link set hosts up");
        for host in 0..hosts {
            let name = name(host);
            ip(&format!("netns add {name}"));
            ip(&format!("link add name {name} type veth peer name eth0 netns {name}"));
            ip(&format!("link set {name} master hosts up"));
            ip(&format!("-n {name} address add {}/24 dev eth0", near(host)));
            ip(&format!("-n {name} address add {}/24 dev eth0", far(host)));
            ip(&format!("-n {name} link set eth0 up"));
            ip(&format!("-n {name} link set lo up"));
        }
        Self { hosts }
    }

    /// Keeps everybody who is not a host from the far addresses of these hosts.
    pub fn cut_far(&self, hosts: &[usize]) -> Cut {
        let route = |host: &usize| vec!["blackhole".to_owned(), far(*host)];
        Cut::begin(hosts.iter().map(|host| (None, route(host))))
    }

    /// Keeps a host from all others, but not from who is none.
    pub fn cut_off(&self, host: usize) -> Cut {
        let others = (0..self.hosts).filter(|other| *other != host);
        let route = |other| (Some(name(host)), vec!["blackhole".to_owned(), near(other)]);
        Cut::begin(others.map(route))
    }
}

impl Cut {
    fn begin(routes: impl Iterator<Item = (Option<String>, Vec<String>)>) -> Self {
        let route = |(namespace, route): (Option<String>, Vec<String>)| {
            let within = namespace.map(|name| vec!["-n".to_owned(), name]).unwrap_or_default();
            [within, vec!["route".to_owned()], route].concat()
        };
        let cut = Self { routes: routes.map(route).collect() };
        cut.each("add");
        cut
    }

    fn each(&self, verb: &str) {
        for route in &self.routes {
            let at = route.iter().position(|word| word == "route").unwrap() + 1;
            let mut words = route.clone();
            words.insert(at, verb.to_owned());
            run(Command::new("ip").args(words));
        }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.each("del");
    }
}

/// A command in the namespace of a host, as a user that servers agree to run as.
pub(crate) fn at(host: usize, program: &str) -> Command {
    let unprivileged = unprivileged(program);
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &name(host)]);
    command.arg(unprivileged.get_program()).args(unprivileged.get_args());
    command
}

/// The address that a host has for the other hosts.
pub fn near(host: usize) -> String {
    format!("10.77.0.{}", host + 10)
}

/// The address of a host that can be cut off from who is none.
pub fn far(host: usize) -> String {
    format!("10.77.1.{}", host + 10)
}

fn name(host: usize) -> String {
    format!("host{host}")
}

fn ip(words: &str) {
    run(Command::new("ip").args(words.split(' ')));
}
