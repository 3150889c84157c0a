//! Rotations of PostgreSQL users.

use std::sync::LazyLock;

use coffer_model::Sensitive;
use coffer_rotators::{RotationError, Rotator, Secrets};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::database::{Database, network, rotate, secret};
use crate::rotations;
use crate::servers::postgresql::start;

static PLAIN: LazyLock<coffer_test_servers::Postgresql> = LazyLock::new(|| start(false));

#[tokio::test]
async fn only_the_new_password_opens_after_a_single_users_rotation() {
    rotations::single_user(&*PLAIN).await;
}

#[tokio::test]
async fn alternating_users_have_the_same_rights_and_each_password_outlives_one_rotation() {
    rotations::alternating_users(&*PLAIN).await;
}

#[tokio::test]
async fn steps_may_be_run_twice() {
    rotations::steps_twice(&*PLAIN).await;
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_change_nothing() {
    rotations::wrong_passwords(&*PLAIN).await;
}

#[tokio::test]
async fn superusers_change_only_the_secrets_own_user() {
    rotations::superusers(&*PLAIN).await;
}

#[tokio::test]
async fn neither_log_nor_statistics_hold_a_password() {
    rotations::nothing_written(&*PLAIN).await;
}

#[tokio::test]
async fn a_server_without_tls_gets_no_password_where_tls_is_demanded() {
    rotations::without_tls(&*PLAIN).await;
}

#[tokio::test]
async fn a_server_with_tls_must_prove_its_name() {
    rotations::with_tls(&start(true)).await;
}

#[tokio::test]
async fn what_is_kept_of_a_password_has_the_form_that_the_server_prefers() {
    let single = Rotator::named("postgresql-single-user").unwrap();
    for (form, start) in [("md5", "md5"), ("scram-sha-256", "SCRAM-SHA-256$4096:")] {
        let user = format!("form_{}", form.len());
        PLAIN.add_user(&user, "old-one");
        PLAIN.admin(&format!("ALTER ROLE {user} SET password_encryption = '{form}'"));
        let current = secret(&*PLAIN, &user, "old-one");
        rotate(&*PLAIN, single, &current, "new-one").await.unwrap();
        let kept = PLAIN.kept(&user);
        assert!(kept.starts_with(start), "{kept}");
        assert!(PLAIN.opens(&user, "new-one"), "{form}");
    }
}

#[tokio::test]
async fn a_clone_that_has_lost_its_membership_gets_it_back() {
    let alternating = Rotator::named("postgresql-alternating-users").unwrap();
    PLAIN.add_user("loose", "old-one");
    PLAIN.admin("CREATE ROLE loose_clone LOGIN");
    assert!(!PLAIN.reads("loose_clone", "new-one"));
    let current = secret(&*PLAIN, "loose", "old-one");
    rotate(&*PLAIN, alternating, &current, "new-one").await.unwrap();
    assert!(PLAIN.reads("loose_clone", "new-one"));
}

#[tokio::test]
async fn what_the_superuser_may_not_do_is_failed_and_leaves_no_trace() {
    let alternating = Rotator::named("postgresql-alternating-users").unwrap();
    PLAIN.add_user("modest", "old-one");
    PLAIN.add_user("weak", "weak-one");
    let current = secret(&*PLAIN, "modest", "old-one");
    let new = Sensitive::new("canary".to_owned());
    let pending = alternating.create(&current, &new).unwrap();
    let weak = secret(&*PLAIN, "weak", "weak-one");
    let secrets =
        Secrets { current: &current, pending: &pending, previous: None, superuser: Some(&weak) };
    let failed = alternating.set(&network(&*PLAIN), secrets).await.unwrap_err();
    let why = "`localhost` did not make the second user: the user may not do that (SQLSTATE 42501)";
    assert_eq!(failed, RotationError::Failed(why.to_owned()));
    assert_eq!(
        PLAIN.admin("SELECT count(*) FROM pg_roles WHERE rolname = 'modest_clone'").trim(),
        "0"
    );
}

#[tokio::test]
async fn whoever_refuses_a_login_is_not_cited() {
    let single = Rotator::named("postgresql-single-user").unwrap();
    PLAIN.add_user("elsewhere", "old-one");
    let text = secret(&*PLAIN, "elsewhere", "old-one").expose().clone();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["dbname"] = "canary".into();
    let failed = single.test(&network(&*PLAIN), &Sensitive::new(value.to_string())).await;
    let why = "no login at `localhost`: there is no database that is called as the secret's member \
               `dbname` says (SQLSTATE 3D000)";
    assert_eq!(failed, Err(RotationError::Failed(why.to_owned())));

    // Somebody who takes a login, and repeats what it has.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    value["port"] = listener.local_addr().unwrap().port().into();
    value["ssl"] = false.into();
    let echo = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut login = [0; 1024];
        let bytes = stream.read(&mut login).await.unwrap();
        assert!(login[..bytes].windows(6).any(|it| it == b"canary"));
        let fields = b"SERROR\0Ccanary\0Mcanary is in here\0\0";
        let mut message = b"E".to_vec();
        message.extend(u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
        message.extend(fields);
        stream.write_all(&message).await.unwrap();
    };
    let value = Sensitive::new(value.to_string());
    let network = network(&*PLAIN);
    let (failed, ()) = tokio::join!(single.test(&network, &value), echo);
    let why = "no login at `localhost`: it refused (SQLSTATE unknown)";
    assert_eq!(failed, Err(RotationError::Failed(why.to_owned())));
}

/// Each login takes the secret that is current when it begins, and may last as long as the next
/// rotation does.
#[tokio::test]
async fn an_application_never_fails_during_a_hundred_rotations_of_alternating_users() {
    let alternating = Rotator::named("postgresql-alternating-users").unwrap();
    let (single, network) = (Rotator::named("postgresql-single-user").unwrap(), network(&*PLAIN));
    PLAIN.add_user("steady", "password-0");
    let first = secret(&*PLAIN, "steady", "password-0").expose().clone();
    let (make_current, current) = watch::channel((0, first));
    let (has_logged_in, mut logged_in) = watch::channel(0);
    let rotations = async {
        for at in 1..=ROTATIONS {
            logged_in.wait_for(|last| *last == at - 1).await.unwrap();
            let now = Sensitive::new(make_current.borrow().1.clone());
            let password = format!("password-{at}");
            let pending = rotate(&*PLAIN, alternating, &now, &password).await.unwrap();
            make_current.send((at, pending.expose().clone())).unwrap();
        }
    };
    let application = async {
        let mut logins = 0;
        loop {
            let (at, read) = current.borrow().clone();
            single.test(&network, &Sensitive::new(read)).await.unwrap();
            logins += 1;
            has_logged_in.send(at).unwrap();
            if at == ROTATIONS {
                return logins;
            }
        }
    };
    let ((), logins) = tokio::join!(rotations, application);
    // Some of them while a rotation was at work.
    assert!(logins > 2 * ROTATIONS, "{logins}");
}

const ROTATIONS: usize = 100;
