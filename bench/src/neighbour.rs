//! The servers that coffer is measured beside: a bare hyper server and nginx, both of which answer the
//! same bytes from a file.

use std::path::Path;

use crate::call;
use crate::load::Requests;
use crate::measure::Served;
use crate::process::{Server, free_address};

/// A neighbour that runs, and what it is asked.
pub(crate) struct Neighbour {
    /// What it is called in tables.
    pub(crate) name: &'static str,
    pub(crate) server: Server,
    pub(crate) requests: Requests,
}

impl Neighbour {
    /// The server with its requests.
    pub(crate) fn served(&self) -> Served<'_> {
        Served { server: &self.server, requests: self.requests.clone() }
    }
}

/// Starts hyper with nothing around it, which answers these bytes to the very request.
///
/// # Errors
/// A server that does not start.
pub(crate) fn bare(folder: &Path, request: &[u8], answer: &[u8]) -> Result<Neighbour, String> {
    let body = folder.join("answer");
    std::fs::write(&body, answer).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let address = free_address()?;
    let (listen, body) = (address.to_string(), body.to_string_lossy().into_owned());
    let arguments = ["bare", "--listen", &listen, "--body", &body];
    let server = Server::start(address, &program, &arguments, &[])?;
    Ok(Neighbour { name: "bare hyper", server, requests: Requests::one(request.to_vec()) })
}

/// Starts nginx, which sends these bytes as a file: with one process, no log of requests, and its
/// cache of open files, so as fast as it gets.
///
/// # Errors
/// An nginx that is not installed, or does not start.
pub(crate) fn nginx(folder: &Path, answer: &[u8]) -> Result<Neighbour, String> {
    let told = |error: std::io::Error| error.to_string();
    let root = folder.join("nginx");
    std::fs::create_dir_all(root.join("files")).map_err(told)?;
    std::fs::write(root.join("files/answer"), answer).map_err(told)?;
    let address = free_address()?;
    let settings = root.join("nginx.conf");
    std::fs::write(&settings, nginx_settings(&root.to_string_lossy(), &address.to_string()))
        .map_err(told)?;
    let (settings, root) = (settings.to_string_lossy(), root.to_string_lossy());
    let arguments = ["-c", &settings, "-p", &root, "-e", "stderr"];
    let server = Server::start(address, Path::new(NGINX), &arguments, &[])?;
    let request = call::unsigned_get(address, "/answer");
    call::once(address, &request)?;
    Ok(Neighbour { name: "nginx, a file", server, requests: Requests::one(request) })
}

fn nginx_settings(root: &str, address: &str) -> String {
    format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\npid {root}/pid;\n\
         error_log stderr;\nevents {{ worker_connections 256; }}\n\
         http {{\n\
         access_log off;\nsendfile on;\ntcp_nopush on;\ntcp_nodelay on;\n\
         keepalive_timeout 600s;\nkeepalive_requests 1000000000;\n\
         open_file_cache max=16;\nopen_file_cache_valid 600s;\n\
         default_type application/x-amz-json-1.1;\n\
         client_body_temp_path {root}/body;\nproxy_temp_path {root}/proxy;\n\
         fastcgi_temp_path {root}/fastcgi;\nuwsgi_temp_path {root}/uwsgi;\n\
         scgi_temp_path {root}/scgi;\n\
         server {{ listen {address}; root {root}/files; }}\n}}\n"
    )
}

/// Where Debian's package has it.
pub(crate) const NGINX: &str = "/usr/sbin/nginx";
