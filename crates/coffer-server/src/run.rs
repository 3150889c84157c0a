//! Starts a server, tells the operator how to reach it, and stops it when the system says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use coffer_pipeline::identity::DEV_SECRET;
use coffer_pipeline::{Quotas, Road};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::beyond::Beyond;
use crate::body::Room;
use crate::config::{Config, DevOptions, REGION_DEFAULT, ServerOptions, TraceOptions};
use crate::internet::Internet;
use crate::jobs::BackupPlan;
use crate::metrics::Metrics;
use crate::open::{self, FirstAccount, Opened};
use crate::peers::{self, Peers};
use crate::readiness::Readiness;
use crate::rotators::Rotators;
use crate::runtime::{MovableClock, RealClock};
use crate::serve::State;
use crate::tls::Secured;
use crate::traces::Exporter;
use crate::{certificate, functions, jobs, listen, log, runtime, tls, traces, trail};

/// The server could not start; the text says what failed, why, and what to do.
#[derive(Debug)]
pub struct StartError(pub String);

/// Runs `coffer server` until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting.
pub fn run_server(options: ServerOptions) -> Result<(), StartError> {
    let mut config = options.resolve().map_err(|error| StartError(error.to_string()))?;
    let quotas = config.quotas.take();
    let exporter = start_telling(&config.log, config.traces.as_ref())?;
    let secured = config.tls.as_ref().map(|(cert, key)| tls::secured(cert, key)).transpose();
    let secured = secured.map_err(StartError)?;
    block_on(async {
        let listener = bind(config.listen, "--listen").await?;
        let peers = config.peers.as_deref().map(Peers::read).transpose().map_err(StartError)?;
        let peers = peers.map(Arc::new);
        let door = door(&config, peers.clone()).await?;
        let beyond = beyond(&config, peers).map_err(StartError)?;
        let mut opened =
            open::open(&config, Arc::new(RealClock::default())).await.map_err(StartError)?;
        opened.world.outside = Arc::new(beyond);
        if let Some(options) = &config.functions {
            let run_as = functions::run_as(options.users);
            let url = url_of(&listener, secured.is_some())?;
            let started = functions::start(&mut opened.world, &config.data, url, run_as, options);
            started.map_err(StartError)?;
        }
        let plan = plan(&config)?;
        let settled = Settled { secured, quotas, plan, exporter, peers: door };
        serve(listener, settled, opened, (&config.region, Kind::Server)).await
    })
}

/// Runs `coffer dev`, which keeps nothing, until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting.
pub fn run_dev(options: &DevOptions) -> Result<(), StartError> {
    let function_options = options.functions().map_err(|error| StartError(error.to_string()))?;
    let quotas = options.quotas().map_err(|error| StartError(error.to_string()))?;
    let traces = options.traces().map_err(|error| StartError(error.to_string()))?;
    let exporter = start_telling(&options.log, traces.as_ref())?;
    block_on(async {
        let listener = bind(options.listen, "--listen").await?;
        let folder = tempfile::Builder::new().prefix("coffer-dev-").tempdir();
        let folder = folder.map_err(|error| StartError(format!("no temporary folder: {error}")))?;
        let clock = Arc::new(MovableClock::default());
        let exports = options.audit_exports.clone();
        let opened = open::open_dev(folder.path(), exports, clock).await;
        let mut opened = opened.map_err(StartError)?;
        let internet = Internet::new(None, true).map_err(StartError)?;
        let rotators =
            Rotators::new(None, options.rotation_rules_file.as_deref(), true, runtime::entropy());
        let rotators = rotators.map_err(StartError)?;
        opened.world.outside = Arc::new(Beyond { internet, rotators, peers: None });
        if let Some(options) = &function_options {
            let (url, run_as) = (url_of(&listener, false)?, functions::run_as_in_dev());
            let (world, data) = (&mut opened.world, folder.path());
            let started = functions::start(world, data, url, run_as, options);
            started.map_err(StartError)?;
        }
        let peers = PeerDoor::default();
        let settled = Settled { secured: None, quotas, plan: None, exporter, peers };
        serve(listener, settled, opened, (REGION_DEFAULT, Kind::Dev)).await
    })
}

/// What the settings let jobs reach.
fn beyond(config: &Config, peers: Option<Arc<Peers>>) -> Result<Beyond, String> {
    Ok(Beyond {
        peers,
        internet: Internet::new(config.oidc_ca_file.as_deref(), config.oidc_allow_loopback)?,
        rotators: Rotators::new(
            config.rotation_ca_file.as_deref(),
            config.rotation_rules_file.as_deref(),
            config.rotation_allow_loopback,
            runtime::entropy(),
        )?,
    })
}

/// When backups are made that nobody asks for.
fn plan(config: &Config) -> Result<Option<BackupPlan>, StartError> {
    let region = config.region.parse();
    let region = region.map_err(|_| StartError(format!("no region: `{}`", config.region)))?;
    Ok(config.backups.every.map(|every| BackupPlan { every, region }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Dev,
}

/// Starts the log, and traces where they are asked for.
fn start_telling(
    filter: &str,
    traces: Option<&TraceOptions>,
) -> Result<Option<Exporter>, StartError> {
    let (layer, exporter) = traces.map(traces::start).transpose().map_err(StartError)?.unzip();
    log::start(filter, layer).map_err(StartError)?;
    Ok(exporter)
}

/// What the settings have made, beside what was opened.
struct Settled {
    secured: Option<Secured>,
    quotas: Option<Quotas>,
    plan: Option<BackupPlan>,
    exporter: Option<Exporter>,
    peers: PeerDoor,
}

/// The peers, and where those are let in that have replicas here.
#[derive(Default)]
struct PeerDoor {
    peers: Option<Arc<Peers>>,
    listener: Option<TcpListener>,
}

/// Listens for peers, where any may write here.
async fn door(config: &Config, peers: Option<Arc<Peers>>) -> Result<PeerDoor, StartError> {
    let have_writers = peers.as_ref().is_some_and(|peers| peers.have_writers());
    let listener = match (config.peer_listen, have_writers) {
        (Some(address), true) => Some(bind(address, "--peer-listen").await?),
        (None, false) => None,
        (Some(_), false) => {
            return Err(StartError(
                "--peer-listen is for peers that have replicas here, and none of --peers has: give \
                 one certificate_names, or leave --peer-listen out"
                    .to_owned(),
            ));
        }
        (None, true) => {
            return Err(StartError(
                "a peer of --peers has replicas here: give the address that it reaches with \
                 --peer-listen"
                    .to_owned(),
            ));
        }
    };
    Ok(PeerDoor { peers, listener })
}

async fn serve(
    listener: TcpListener,
    settled: Settled,
    opened: Opened,
    (region, kind): (&str, Kind),
) -> Result<(), StartError> {
    let Settled { secured, quotas, plan, exporter, peers } = settled;
    let PeerDoor { peers, listener: peer_listener } = peers;
    let Opened { world, store, first, lock: _lock, store_metrics } = opened;
    let bodies = Room::new(world.functions.is_enabled());
    let road = Road::new(Arc::new(world), coffer_services::SERVICES).with_quotas(quotas);
    let dropped = exporter.as_ref().map(Exporter::dropped);
    let collectors = peers.as_ref().map(|peers| peers.collectors()).unwrap_or_default();
    let metrics = Metrics::new(road.routes(), &store_metrics, dropped)
        .and_then(|metrics| metrics.with(collectors))
        .map_err(|error| StartError(format!("cannot set metrics up: {error}")))?;
    metrics.state.certificate_ends(secured.as_ref().and_then(|secured| secured.shown.ends()));
    let state = Arc::new(State { road, metrics, bodies, readiness: Readiness::default() });
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    let url = url_of(&listener, secured.is_some())?;
    trail::catch_up(state.road.world()).await;
    let (stop_sender, stop) = watch::channel(false);
    let stopping = stop_on_signal(stop_sender)?;
    let runner = runtime::spawn(jobs::run_jobs(state.clone(), plan, stop.clone()));
    let (ended_sender, ended) = watch::channel(false);
    let exporting = exporter.map(|exporter| runtime::spawn(exporter.run(ended)));
    follow_certificates(&state, secured.as_ref(), peers.as_ref(), &stop);
    let receiving = peers.zip(peer_listener).map(|(peers, listener)| {
        let world = state.road.world().clone();
        runtime::spawn(peers::listen(peers, world, listener, stop.clone()))
    });
    tell(&greeting(&url, region, kind, &first));
    tracing::info!(%address, "serving");
    let acceptor = secured.map(|secured| secured.acceptor);
    listen::listen(state.clone(), listener, acceptor, stop).await;
    if let Some(receiving) = receiving
        && receiving.await.is_err()
    {
        tracing::error!("the task that lets peers in ended badly");
    }
    // Both end once the stop has been told; what a panic in them was, the log says already.
    if runner.await.is_err() || stopping.await.is_err() {
        tracing::error!("a task of the server ended badly");
    }
    trail::ship(state.road.world()).await;
    if let Some(exporting) = exporting {
        ended_sender.send_replace(true);
        exporting.await.unwrap_or_else(|error| tracing::error!(%error, "traces ended badly"));
    }
    store.close().await.map_err(|error| StartError(format!("cannot close the store: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}

/// Has renewed certificates shown, until the server stops.
fn follow_certificates(
    state: &Arc<State>,
    secured: Option<&Secured>,
    peers: Option<&Arc<Peers>>,
    stop: &watch::Receiver<bool>,
) {
    if let Some(secured) = secured {
        let (shown, stop, state) = (secured.shown.clone(), stop.clone(), state.clone());
        let renewed = move |ends| state.metrics.state.certificate_ends(ends);
        runtime::spawn(async move { certificate::follow(shown, stop, renewed).await });
    }
    if let Some(peers) = peers.cloned() {
        let stop = stop.clone();
        runtime::spawn(async move { peers.follow_certificate(stop).await });
    }
}

/// The URL that the server is found at from this machine.
fn url_of(listener: &TcpListener, has_tls: bool) -> Result<String, StartError> {
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    let scheme = if has_tls { "https" } else { "http" };
    Ok(format!("{scheme}://{}", reachable(address)))
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        StartError(format!("cannot listen on {address}: {error}; choose another with {flag}"))
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
