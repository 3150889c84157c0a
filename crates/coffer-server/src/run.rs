//! Starts a server, tells the operator how to reach it, and stops it when the system says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use coffer_pipeline::Road;
use coffer_pipeline::identity::DEV_SECRET;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::beyond::Beyond;
use crate::body::Room;
use crate::config::{Config, DevOptions, REGION_DEFAULT, ServerOptions};
use crate::databases::Databases;
use crate::internet::Internet;
use crate::metrics::Metrics;
use crate::open::{self, FirstAccount, Opened};
use crate::readiness::Readiness;
use crate::runtime::{MovableClock, RealClock};
use crate::serve::State;
use crate::{jobs, listen, log, runtime, tls, trail};

/// The server could not start; the text says what failed, why, and what to do.
#[derive(Debug)]
pub struct StartError(pub String);

/// Runs `coffer server` until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting.
pub fn run_server(options: ServerOptions) -> Result<(), StartError> {
    let config = options.resolve().map_err(|error| StartError(error.to_string()))?;
    log::start(&config.log).map_err(StartError)?;
    let acceptor = config.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose();
    let acceptor = acceptor.map_err(StartError)?;
    block_on(async {
        let listener = bind(config.listen).await?;
        let beyond = beyond(&config).map_err(StartError)?;
        let mut opened = open::open(&config, Arc::new(RealClock)).await.map_err(StartError)?;
        opened.world.outside = Arc::new(beyond);
        serve(listener, acceptor, opened, &config.region, Kind::Server).await
    })
}

/// Runs `coffer dev`, which keeps nothing, until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting.
pub fn run_dev(options: &DevOptions) -> Result<(), StartError> {
    log::start(&options.log).map_err(StartError)?;
    block_on(async {
        let listener = bind(options.listen).await?;
        let folder = tempfile::Builder::new().prefix("coffer-dev-").tempdir();
        let folder = folder.map_err(|error| StartError(format!("no temporary folder: {error}")))?;
        let clock = Arc::new(MovableClock::default());
        let exports = options.audit_exports.clone();
        let opened = open::open_dev(folder.path(), exports, clock).await;
        let mut opened = opened.map_err(StartError)?;
        let internet = Internet::new(None, true).map_err(StartError)?;
        let databases = Databases::new(None, true).map_err(StartError)?;
        opened.world.outside = Arc::new(Beyond { internet, databases });
        serve(listener, None, opened, REGION_DEFAULT, Kind::Dev).await
    })
}

/// What the settings let jobs reach.
fn beyond(config: &Config) -> Result<Beyond, String> {
    Ok(Beyond {
        internet: Internet::new(config.oidc_ca_file.as_deref(), config.oidc_allow_loopback)?,
        databases: Databases::new(
            config.rotation_ca_file.as_deref(),
            config.rotation_allow_loopback,
        )?,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Dev,
}

async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    opened: Opened,
    region: &str,
    kind: Kind,
) -> Result<(), StartError> {
    let Opened { world, store, first } = opened;
    let road = Road::new(Arc::new(world), coffer_services::SERVICES);
    let metrics = Metrics::new(road.routes())
        .map_err(|error| StartError(format!("cannot set metrics up: {error}")))?;
    let state =
        Arc::new(State { road, metrics, bodies: Room::new(), readiness: Readiness::default() });
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", reachable(address));
    trail::catch_up(state.road.world()).await;
    let (stop_sender, stop) = watch::channel(false);
    let stopping = stop_on_signal(stop_sender)?;
    let runner = runtime::spawn(jobs::run_jobs(state.clone(), stop.clone()));
    tell(&greeting(&url, region, kind, &first));
    tracing::info!(%address, "serving");
    listen::listen(state.clone(), listener, acceptor, stop).await;
    // Both end once the stop has been told; what a panic in them was, the log says already.
    if runner.await.is_err() || stopping.await.is_err() {
        tracing::error!("a task of the server ended badly");
    }
    trail::ship(state.road.world()).await;
    store.close().await.map_err(|error| StartError(format!("cannot close the store: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        StartError(format!("cannot listen on {address}: {error}; choose another with --listen"))
    })
}

fn stop_on_signal(stop: watch::Sender<bool>) -> Result<tokio::task::JoinHandle<()>, StartError> {
    let hear =
        |kind| signal(kind).map_err(|error| StartError(format!("cannot hear signals: {error}")));
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    Ok(runtime::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in flight are finished first");
        stop.send_replace(true);
    }))
}

fn block_on<T>(work: impl Future<Output = Result<T, StartError>>) -> Result<T, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError(format!("cannot start the runtime: {error}")))?
        .block_on(work)
}

/// The address as a client on this machine would write it.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, v6.port()).into()
        }
        other => other,
    }
}

fn greeting(url: &str, region: &str, kind: Kind, first: &FirstAccount) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let mut line = |line: std::fmt::Arguments<'_>| writeln!(text, "{line}").unwrap_or_default();
    match first {
        FirstAccount::Made { account, access_key_id, secret, file } => {
            line(format_args!(
                "# account {account} was made; its secret is shown this once and kept in {}",
                file.display()
            ));
            line(format_args!("export AWS_ENDPOINT_URL={url}"));
            line(format_args!("export AWS_ACCESS_KEY_ID={access_key_id}"));
            line(format_args!("export AWS_SECRET_ACCESS_KEY={}", secret.expose()));
        }
        FirstAccount::Known { account, access_key_id, file } => {
            line(format_args!("# account {account}"));
            line(format_args!("export AWS_ENDPOINT_URL={url}"));
            match (kind, file) {
                (Kind::Dev, _) => {
                    line(format_args!("export AWS_ACCESS_KEY_ID={access_key_id}"));
                    line(format_args!("export AWS_SECRET_ACCESS_KEY={DEV_SECRET}"));
                }
                (Kind::Server, Some(file)) => {
                    let file = file.display();
                    line(format_args!("export AWS_SHARED_CREDENTIALS_FILE={file}"));
                }
                (Kind::Server, None) => {
                    line(format_args!("export AWS_ACCESS_KEY_ID={access_key_id}"));
                    line(format_args!(
                        "# its secret is not shown again; to replace a lost one, preset \
                         COFFER_ROOT_ACCESS_KEY_ID and COFFER_ROOT_SECRET_ACCESS_KEY"
                    ));
                }
            }
        }
    }
    line(format_args!("export AWS_DEFAULT_REGION={region}"));
    line(format_args!("export AWS_REGION={region}"));
    text
}

/// Writes to standard output; a closed one is no reason to stop.
fn tell(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads standard output");
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}
