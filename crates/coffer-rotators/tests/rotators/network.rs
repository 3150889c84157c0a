//! Servers that are not there, or do not answer, or are listened in on.

use std::net::IpAddr;
use std::time::Duration;

use coffer_model::Sensitive;
use coffer_rotators::{Limits, Network, RotationError, Rotator, Secrets};
use coffer_test_servers::free_port;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Passes on what is said to a server, and keeps it.
pub(crate) struct Recorder {
    pub(crate) port: u16,
    listener: TcpListener,
    server: u16,
}

impl Recorder {
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { port: listener.local_addr().unwrap().port(), listener, server }
    }

    /// What a client does, and all that it has said on the way, after a mark for each connection.
    pub(crate) async fn during<T>(self, client: impl Future<Output = T>) -> (T, Vec<u8>) {
        let mut said = Vec::new();
        let listen = async {
            loop {
                let (stream, _) = self.listener.accept().await.unwrap();
                said.extend_from_slice(b"connected: ");
                pass_on(stream, self.server, &mut said).await;
            }
        };
        let outcome = tokio::select! {
            outcome = client => outcome,
            () = listen => unreachable!("a listener goes on"),
        };
        (outcome, said)
    }
}

async fn pass_on(mut client: TcpStream, server: u16, said: &mut Vec<u8>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut asked, mut answered) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(read @ 1..) => {
                    said.extend_from_slice(&asked[..read]);
                    if server.write_all(&asked[..read]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(read @ 1..) => {
                    if client.write_all(&answered[..read]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}

fn secret(rotator: Rotator, host: &str, port: u16) -> Sensitive<String> {
    let engine = match rotator.name() {
        name if name.starts_with("postgresql") => "postgres",
        name if name.starts_with("mysql") => "mysql",
        _ => "valkey",
    };
    Sensitive::new(format!(
        r#"{{"engine":"{engine}","host":"{host}","port":{port},"username":"app",
            "password":"canary","masterarn":"x"}}"#
    ))
}

fn network(may_reach: fn(IpAddr) -> bool) -> Network {
    let limits = Limits {
        login: Duration::from_millis(700),
        statements: Duration::from_secs(5),
        request: Duration::from_secs(5),
    };
    Network::new(None, may_reach, limits).unwrap()
}

async fn tried(network: &Network, rotator: Rotator, host: &str, port: u16) -> RotationError {
    let current = secret(rotator, host, port);
    let new = Sensitive::new("canary-too".to_owned());
    let pending = rotator.create(&current, &new).unwrap();
    let secrets = Secrets {
        current: &current,
        pending: &pending,
        previous: Some(&current),
        superuser: Some(&current),
    };
    let set = rotator.set(network, secrets).await.unwrap_err();
    let tested = rotator.test(network, &pending).await.unwrap_err();
    assert_eq!(std::mem::discriminant(&set), std::mem::discriminant(&tested), "{set} {tested}");
    assert!(!set.to_string().contains("canary"), "{set}");
    set
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable() {
    let network = network(|address| address.is_loopback());
    for rotator in Rotator::all() {
        let error = tried(&network, rotator, "localhost", free_port()).await;
        assert!(matches!(error, RotationError::Unreachable(_)), "{}: {error:?}", rotator.name());
        let error = tried(&network, rotator, "no-such-host.invalid", 1).await;
        assert!(
            matches!(error, RotationError::Unreachable(_) | RotationError::TimedOut(_)),
            "{}: {error:?}",
            rotator.name()
        );
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_waited_for_no_longer_than_allowed() {
    let network = network(|address| address.is_loopback());
    // The system accepts for it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    for rotator in Rotator::all() {
        let start = Instant::now();
        let error = tried(&network, rotator, "127.0.0.1", port).await;
        assert!(matches!(error, RotationError::TimedOut(_)), "{}: {error:?}", rotator.name());
        // Two logins.
        assert!(start.elapsed() < Duration::from_secs(4), "{}", rotator.name());
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_speaks_of_other_things_is_an_error() {
    let network = network(|address| address.is_loopback());
    for answer in ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0\u{1}\u{1}", "N", "-ERR no\r\n"]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for rotator in Rotator::all() {
            let error = tokio::select! {
                error = tried(&network, rotator, "127.0.0.1", port) => error,
                () = answering(&listener, answer) => unreachable!("a listener goes on"),
            };
            assert!(!matches!(error, RotationError::Refused(_)), "{}: {error:?}", rotator.name());
        }
    }
}

async fn answering(listener: &TcpListener, answer: &str) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(answer.as_bytes()).await.ok();
    }
}

#[tokio::test]
async fn addresses_that_may_not_be_reached_are_not() {
    let network = network(|address| !address.is_loopback());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for rotator in Rotator::all() {
        for host in ["localhost", "127.0.0.1", "::ffff:127.0.0.1", "::1"] {
            let error = tried(&network, rotator, host, port).await;
            assert!(matches!(error, RotationError::Unreachable(_)), "{host}: {error:?}");
        }
    }
    let accepted = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(accepted.is_err());
}

#[tokio::test]
async fn a_pending_secret_for_another_place_or_user_goes_nowhere() {
    let network = network(|address| panic!("{address} is asked for"));
    for rotator in Rotator::all() {
        let current = secret(rotator, "127.0.0.1", 5);
        let new = Sensitive::new("canary-too".to_owned());
        let pending = rotator.create(&current, &new).unwrap();
        for (from, to) in [
            ("127.0.0.1", "127.0.0.2"),
            (r#""port":5"#, r#""port":6"#),
            (r#""username":"app"#, r#""username":"ape"#),
            (r#""engine":"mysql"#, r#""engine":"mariadb"#),
            (r#""engine":"postgres"#, r#""engine":"aurora-postgresql"#),
            (r#""engine":"valkey"#, r#""engine":"redis"#),
        ] {
            let other = pending.expose().replace(from, to);
            if other == *pending.expose() {
                continue;
            }
            let secrets = Secrets {
                current: &current,
                pending: &Sensitive::new(other),
                previous: None,
                superuser: Some(&current),
            };
            let error = rotator.set(&network, secrets).await.unwrap_err();
            assert!(matches!(error, RotationError::Unusable(_)), "{to}: {error:?}");
        }
    }
}
