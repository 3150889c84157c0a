//! What the tests have in common: a host, settings, archives, and functions made of a few lines.

use std::future::Future;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use coffer_functions::{
    Code, Credentials, Failure, Function, Functions, Host, Invocation, Outcome, RunAs, Settings,
    Supply,
};
use coffer_model::Timestamp;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) const PYTHON: &str = "python3.11";
pub(crate) const PROVIDED: &str = "provided.al2023";
pub(crate) const NODE: &str = "nodejs22.x";
pub(crate) const ARN: &str = "arn:aws:lambda:eu-central-1:000000000001:function:tested";
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The host of the tests: the real time, moved by nobody.
#[derive(Default)]
pub(crate) struct TestHost {
    counter: AtomicU64,
}

impl Host for TestHost {
    fn now(&self) -> Timestamp {
        self.real_now()
    }

    fn real_now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }

    fn random(&self) -> [u8; 16] {
        let counter = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&counter.to_be_bytes());
        bytes[..4].copy_from_slice(&std::process::id().to_be_bytes());
        bytes
    }

    fn sign(
        &self,
        head: &mut http::request::Parts,
        body: &[u8],
        credentials: &Credentials,
        region: &str,
    ) -> Result<(), String> {
        let signature = format!("{} {region} {}", credentials.access_key_id, body.len());
        head.headers.insert("authorization", signature.parse().unwrap());
        Ok(())
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(task);
    }
}

/// A function's archive and credentials, and how often they were asked for.
pub(crate) struct Given {
    archive: Bytes,
    pub(crate) session_length: Mutex<Duration>,
    pub(crate) sessions: AtomicU64,
    pub(crate) archives: AtomicU64,
}

#[async_trait]
impl Supply for Given {
    async fn archive(&self) -> Result<Bytes, String> {
        self.archives.fetch_add(1, Ordering::Relaxed);
        Ok(self.archive.clone())
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        let host = TestHost::default();
        Ok(Credentials {
            access_key_id: format!("ASIA{session}"),
            secret_access_key: "the-secret-key".to_owned().into(),
            session_token: "the-session-token".to_owned().into(),
            expires: host.now().plus(*self.session_length.lock().unwrap()),
        })
    }
}

pub(crate) struct World {
    pub(crate) functions: Functions,
    pub(crate) folder: PathBuf,
    /// Removed with the world.
    pub(crate) temporary: Option<TempDir>,
    requests: AtomicU64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        // Not in `/tmp`, which functions have one of their own of.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut settings = settings(folder.path());
        change(&mut settings);
        Self::of(settings, folder.path().to_owned(), Some(folder))
    }

    /// In a folder that somebody else removes.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self::of(settings(folder), folder.to_owned(), None)
    }

    fn of(settings: Settings, folder: PathBuf, temporary: Option<TempDir>) -> Self {
        let functions = Functions::new(settings, Arc::new(TestHost::default())).unwrap();
        Self { functions, folder, temporary, requests: AtomicU64::new(0) }
    }

    pub(crate) async fn invoke(&self, function: &Function, payload: &str) -> Outcome {
        self.try_invoke(function, payload).await.unwrap()
    }

    pub(crate) async fn try_invoke(
        &self,
        function: &Function,
        payload: &str,
    ) -> Result<Outcome, Failure> {
        self.functions.invoke(function, self.invocation(payload)).await
    }

    pub(crate) fn invocation(&self, payload: &str) -> Invocation {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        Invocation {
            request_id: format!("00000000-0000-4000-8000-{request:012}"),
            payload: Bytes::from(payload.to_owned()),
            client_context: None,
            trace_id: None,
            patience: None,
        }
    }

    pub(crate) fn working_folder(&self) -> PathBuf {
        self.folder.join("functions")
    }
}

/// Settings for the user who runs the tests, root or not.
pub(crate) fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::new(folder.join("functions"));
    settings.launcher = vec![env!("CARGO_BIN_EXE_function-launcher").to_owned()];
    if is_root() {
        settings.run_as = RunAs::Root;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let python = root.join(".venv/bin");
    assert!(python.is_dir(), "run `cargo xtask test`, which makes `.venv`");
    settings.environment.insert("PATH".to_owned(), format!("{}:{PATH}", python.display()));
    settings
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A function of one file.
pub(crate) fn function(runtime: &str, file: &str, text: &str) -> Function {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(file, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    function_of_archive(runtime, writer.finish().unwrap().into_inner())
}

pub(crate) fn function_of_archive(runtime: &str, archive: Vec<u8>) -> Function {
    let sha256 = digest(&SHA256, &archive).as_ref().try_into().unwrap();
    let code = Code::Zip { runtime: runtime.to_owned(), handler: "app.handler".to_owned(), sha256 };
    function_of(code, given(archive))
}

pub(crate) fn function_of(code: Code, given: Arc<Given>) -> Function {
    // What has other code has another revision.
    let revision = format!("{code:?}");
    Function {
        arn: ARN.to_owned(),
        name: "tested".to_owned(),
        version: "$LATEST".to_owned(),
        revision,
        code,
        environment: Vec::new(),
        timeout: Duration::from_secs(20),
        memory_mb: 512,
        storage_mb: 512,
        region: "eu-central-1".to_owned(),
        endpoint_url: "http://127.0.0.1:4566".to_owned(),
        supply: given,
    }
}

pub(crate) fn given(archive: Vec<u8>) -> Arc<Given> {
    Arc::new(Given {
        archive: archive.into(),
        session_length: Mutex::new(Duration::from_secs(3600)),
        sessions: AtomicU64::new(0),
        archives: AtomicU64::new(0),
    })
}

/// A bootstrap of the shell, whose `handle` is given the event and writes the answer.
pub(crate) fn shell(handle: &str) -> Function {
    let text = format!(
        "#!/bin/sh\n\
         api=\"http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\"\n\
         next() {{\n\
           event=$(curl -sS -D \"$TMPDIR/head\" \"$api/invocation/next\") || exit 1\n\
           head=$(tr -d '\\r' < \"$TMPDIR/head\")\n\
           id=$(echo \"$head\" | sed -n 's/^lambda-runtime-aws-request-id: //p')\n\
         }}\n\
         post() {{ curl -sS --data-binary @- \"$api/invocation/$id/$1\"; }}\n\
         {handle}\n"
    );
    function(PROVIDED, "bootstrap", &text)
}

pub(crate) fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Whether a process is there and not only waited for.
pub(crate) fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Waits until it is so.
pub(crate) async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

/// Numbers behind a word in the log.
pub(crate) fn numbers(log: &Bytes, word: &str) -> Vec<u32> {
    let lines = text(log).lines().filter_map(|line| line.strip_prefix(word));
    lines.filter_map(|number| number.trim().parse().ok()).collect()
}
