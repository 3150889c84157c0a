//! The host of functions that this process has: child processes under the Lambda Runtime API.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use coffer_functions::{
    Code, Credentials, Failure, FailureKind, Function, Functions, Invocation, Outcome, RunAs,
    Settings, Supply,
};
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{
    Clock, FunctionCode, FunctionCodeSource, FunctionCredentials, FunctionHost, FunctionOrder,
    FunctionOutcome, NamedCode, NotRun, World,
};
use coffer_protocol::sigv4::{self, Signer};
use coffer_seal::Entropy;
use tokio::sync::{mpsc, oneshot};

use crate::function_options::FunctionOptions;
use crate::function_sources::FunctionSources;
use crate::function_users::FunctionUsers;
use crate::{runtime, traces, trust};

/// Who functions run as: without users of their own as the server, who then is not root.
pub(crate) fn run_as(users: Option<FunctionUsers>) -> RunAs {
    users.map_or(RunAs::Caller, |FunctionUsers { first, last, group }| RunAs::Users {
        uid_first: first,
        uids: (last - first).saturating_add(1),
        gid: group,
    })
}

/// Who functions run as in a server that keeps nothing.
pub(crate) fn run_as_in_dev() -> RunAs {
    if coffer_functions::is_root() { RunAs::Root } else { RunAs::Caller }
}

/// Starts the host of functions, which find the server at this URL and cannot read its data
/// directory.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn start(
    world: &mut World,
    data: &Path,
    url: String,
    run_as: RunAs,
    options: &FunctionOptions,
) -> Result<(), String> {
    let sources = options.sources.clone();
    let tls = sources.have_tls().then(|| tls(options)).transpose()?;
    let data = std::path::absolute(data)
        .map_err(|error| format!("cannot use `{}`: {error}", data.display()))?;
    let mut folder = tempfile::Builder::new();
    // Functions' users pass through to their own folders in it.
    folder.prefix(FOLDER).permissions(Permissions::from_mode(0o711));
    let folder = folder.tempdir();
    let folder = folder.map_err(|error| format!("no folder for functions: {error}"))?;
    coffer_functions::remove_left_behind(folder.path(), FOLDER, WORKING);
    let settings = Settings {
        run_as,
        hidden_folders: vec![data],
        environment: options.path.iter().map(|path| ("PATH".to_owned(), path.clone())).collect(),
        commands: sources.commands.clone(),
        urls: sources.urls.clone(),
        tls,
        logs_lines: options.logs_lines,
        ..Settings::new(folder.path().join(WORKING))
    };
    let process = Process { clock: world.clock.clone(), entropy: world.entropy.clone() };
    let functions = Functions::new(settings, Arc::new(process));
    let functions = functions.map_err(|error| error.to_string())?;
    world.functions = Arc::new(Host { functions, url, sources, _folder: folder });
    Ok(())
}

/// How services that are functions prove who they are.
fn tls(options: &FunctionOptions) -> Result<Arc<rustls::ClientConfig>, String> {
    let authorities = options.ca_file.as_deref().map(trust::read).transpose()?;
    trust::client(&authorities.unwrap_or_default(), "--functions-ca-file")
}

struct Host {
    functions: Functions,
    url: String,
    sources: FunctionSources,
    /// Removed when the host is.
    _folder: tempfile::TempDir,
}

#[async_trait]
impl FunctionHost for Host {
    fn is_enabled(&self) -> bool {
        true
    }

    fn allows(&self, code: &NamedCode) -> bool {
        self.sources.allow(code)
    }

    fn instances(&self) -> usize {
        self.functions.instances()
    }

    async fn invoke(
        &self,
        order: FunctionOrder,
        code: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        let zip = match &order.code {
            FunctionCode::Zip(zip) => Some(zip.clone()),
            FunctionCode::Named(_) => None,
        };
        let (wants, mut wanted) = mpsc::channel(1);
        let supply = Arc::new(OrderSupply { credentials: order.credentials.clone(), wants });
        let client_context = order.client_context.as_ref().map(|it| STANDARD.decode(it.expose()));
        let client_context = client_context.transpose().ok().flatten();
        let invocation = Invocation {
            request_id: order.request_id.clone(),
            payload: Bytes::copy_from_slice(order.payload.expose()),
            client_context: client_context.and_then(|bytes| String::from_utf8(bytes).ok()),
            trace_id: traces::function_header(),
            patience: None,
        };
        let function = function_of(order, &self.url, supply)?;
        let mut invoking = std::pin::pin!(self.functions.invoke(&function, invocation));
        loop {
            tokio::select! {
                outcome = &mut invoking => return outcome.map(told).map_err(not_run),
                Some(reply) = wanted.recv() => give(reply, match &zip {
                    Some(zip) => code.zip(zip).await,
                    None => Err("it has no zip".to_owned()),
                }),
            }
        }
    }
}

/// Whoever asked may have been ended since.
fn give(reply: oneshot::Sender<Result<Bytes, String>>, zip: Result<Vec<u8>, String>) {
    if reply.send(zip.map(Bytes::from)).is_err() {
        tracing::debug!("nobody waits for the code of a function any more");
    }
}

fn function_of(
    order: FunctionOrder,
    url: &str,
    supply: Arc<dyn Supply>,
) -> Result<Function, NotRun> {
    let code = match order.code {
        FunctionCode::Zip(zip) => {
            let sha256 = STANDARD.decode(&zip.sha256).ok().and_then(|bytes| bytes.try_into().ok());
            let sha256 = sha256.ok_or_else(|| NotRun::Unfit("its hash is none".to_owned()))?;
            let handler = order.handler.unwrap_or_default();
            Code::Zip { runtime: order.runtime, handler, sha256 }
        }
        FunctionCode::Named(NamedCode::Command(name)) => Code::Command(name),
        FunctionCode::Named(NamedCode::Url(url)) => Code::Url(url),
    };
    Ok(Function {
        arn: order.invoked_arn,
        name: order.name,
        version: order.version,
        revision: order.revision_id,
        code,
        environment: order.environment.into_iter().collect(),
        timeout: order.timeout,
        memory_mb: order.memory_mb,
        storage_mb: order.storage_mb,
        region: order.region.as_str().to_owned(),
        endpoint_url: url.to_owned(),
        supply,
    })
}

fn told(outcome: Outcome) -> FunctionOutcome {
    FunctionOutcome {
        payload: Sensitive::new(outcome.payload.to_vec()),
        function_error: outcome.function_error.map(|error| error.as_str().to_owned()),
        log_tail: Sensitive::new(outcome.log_tail.to_vec()),
        executed_version: outcome.executed_version,
    }
}

fn not_run(failure: Failure) -> NotRun {
    match failure.kind {
        FailureKind::TooManyInstances => NotRun::Busy,
        // The settings have changed since the function was made, or its zip is not as it says.
        FailureKind::NotAllowed | FailureKind::Code => NotRun::Unfit(failure.message),
        _ => NotRun::Failed(failure.message),
    }
}

/// Gives what an order has, and asks whoever gave it for its code.
struct OrderSupply {
    credentials: FunctionCredentials,
    wants: mpsc::Sender<oneshot::Sender<Result<Bytes, String>>>,
}

#[async_trait]
impl Supply for OrderSupply {
    async fn archive(&self) -> Result<Bytes, String> {
        let (reply, archive) = oneshot::channel();
        let gone = || "whoever called the function is gone".to_owned();
        self.wants.send(reply).await.map_err(|_| gone())?;
        archive.await.map_err(|_| gone())?
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        Ok(Credentials {
            access_key_id: self.credentials.access_key_id.clone(),
            secret_access_key: self.credentials.secret_access_key.clone(),
            session_token: self.credentials.session_token.clone(),
            expires: self.credentials.expires,
        })
    }
}

/// What the host of functions is given of this process.
struct Process {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl coffer_functions::Host for Process {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn real_now(&self) -> Timestamp {
        self.clock.real_now()
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes
    }

    fn sign(
        &self,
        head: &mut http::request::Parts,
        body: &[u8],
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), String> {
        let credentials = sigv4::Credentials {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: Some(credentials.session_token.clone()),
        };
        let now = self.clock.real_now();
        let signer = Signer { credentials: &credentials, region, service: "lambda", now };
        signer.sign_request(head, body).map_err(|error| error.to_string())
    }

    fn spawn(&self, task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {
        drop(runtime::spawn(task));
    }
}

/// What the folders of functions are called by, among the temporary ones.
const FOLDER: &str = "coffer-functions-";
const WORKING: &str = "work";
