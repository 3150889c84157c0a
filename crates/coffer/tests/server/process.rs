//! A server process, and calls to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use coffer_client::{Client, ClientError, Credentials};
use coffer_protocol::sigv4::Signer;
use coffer_server::runtime;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What starts a server: a folder of its own, flags and variables. Nothing is inherited.
pub(crate) struct Setup {
    folder: Arc<TempDir>,
    flags: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl Setup {
    /// A server of any free port, on a data directory that is not there yet.
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let setup = Self { folder, flags: Vec::new(), variables: BTreeMap::new() };
        setup.with("COFFER_LISTEN", "127.0.0.1:0").with("COFFER_DATA", "data")
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.insert(variable.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.variables.remove(variable);
        self
    }

    pub(crate) fn flag(mut self, flag: &str, value: &str) -> Self {
        self.flags.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// The same folder with neither flags nor variables beside the usual ones.
    pub(crate) fn again(&self) -> Self {
        let folder = self.folder.clone();
        Self { folder, ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path("data").join(name)
    }

    pub(crate) fn spawn(&self, command: &str) -> Child {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        Command::new(env!("CARGO_BIN_EXE_coffer"))
            .arg(command)
            .args(&self.flags)
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    pub(crate) fn start(&self) -> Server {
        self.start_as("server")
    }

    pub(crate) fn start_as(&self, command: &str) -> Server {
        let mut child = self.spawn(command);
        let mut greeting = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // The last line that is printed, or the end of a server that did not start.
        while !greeting.contains("export AWS_REGION=") {
            if out.read_line(&mut greeting).unwrap() == 0 {
                panic!("did not start: {}", self.log());
            }
        }
        Server { child, greeting }
    }

    /// What a server says that will not start.
    pub(crate) fn refusal(&self) -> String {
        let before = self.log().len();
        let mut child = self.spawn("server");
        let status = ended(&mut child);
        assert!(!status.success());
        let said = self.log().split_off(before);
        assert!(said.contains("coffer: ") || said.contains("error: "), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The access key in the credentials file.
    pub(crate) fn credentials(&self) -> Credentials {
        let text = std::fs::read_to_string(self.data("credentials")).unwrap();
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
            line.unwrap().to_owned()
        };
        key(&of("aws_access_key_id"), &of("aws_secret_access_key"))
    }
}

/// A server that is up; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) greeting: String,
}

impl Server {
    /// A variable of the lines to paste.
    pub(crate) fn printed(&self, variable: &str) -> Option<&str> {
        let start = format!("export {variable}=");
        self.greeting.lines().find_map(|line| line.strip_prefix(&start))
    }

    pub(crate) fn address(&self) -> &str {
        self.printed("AWS_ENDPOINT_URL").unwrap().split("://").nth(1).unwrap()
    }

    pub(crate) fn printed_key(&self) -> Credentials {
        let of = |name| self.printed(name).unwrap();
        key(of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"))
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        ended(&mut self.child)
    }

    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.ended().success());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn call(
        &self,
        credentials: &Credentials,
        service: &str,
        target: &str,
        input: &Value,
    ) -> Result<Value, ClientError> {
        let url = self.printed("AWS_ENDPOINT_URL").unwrap();
        let clock = Arc::new(runtime::real_now);
        let client = Client::new(url, credentials.clone(), "us-east-1", clock).unwrap();
        run(client.call(service, target, input))
    }

    pub(crate) fn put(&self, credentials: &Credentials, name: &str) -> Result<Value, ClientError> {
        let input = json!({"Name": name, "Value": "v", "Type": "String"});
        self.call(credentials, "ssm", "AmazonSSM.PutParameter", &input)
    }

    pub(crate) fn get(&self, credentials: &Credentials, name: &str) -> Result<Value, ClientError> {
        self.call(credentials, "ssm", "AmazonSSM.GetParameter", &json!({"Name": name}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The head of a signed PutParameter.
pub(crate) fn put_head(
    address: &str,
    credentials: &Credentials,
    body: &[u8],
) -> http::request::Parts {
    let request = http::Request::post(format!("http://{address}/"))
        .header("x-amz-target", "AmazonSSM.PutParameter")
        .body(())
        .unwrap();
    let (mut head, ()) = request.into_parts();
    let now = runtime::real_now();
    let signer = Signer { credentials, region: "us-east-1", service: "ssm", now };
    signer.sign_request(&mut head, body).unwrap();
    head
}

pub(crate) fn key(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned().into(),
        session_token: None,
    }
}

pub(crate) fn is_same(one: &Credentials, other: &Credentials) -> bool {
    one.access_key_id == other.access_key_id
        && one.secret_access_key.expose() == other.secret_access_key.expose()
}

pub(crate) fn code(answer: Result<Value, ClientError>) -> String {
    match answer {
        Err(ClientError::Service { code, .. }) => code,
        other => panic!("no error of the service: {other:?}"),
    }
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}

pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn ended(child: &mut Child) -> ExitStatus {
    wait_for(|| child.try_wait().unwrap())
}

/// Looks until there is something, or the time is over.
pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = runtime::instant();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < WAIT_MAX, "waited in vain");
        std::thread::sleep(LOOK_PAUSE);
    }
}

/// Less than any of the server's own time limits.
const WAIT_MAX: Duration = Duration::from_secs(20);
const LOOK_PAUSE: Duration = Duration::from_millis(2);
