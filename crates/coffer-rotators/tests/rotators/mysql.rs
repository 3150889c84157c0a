//! Rotations of MariaDB users.

use std::sync::LazyLock;

use coffer_model::Sensitive;
use coffer_rotators::{RotationError, Rotator, Secrets};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::database::{Database, network, rotate, secret, secret_at, superuser};
use crate::rotations;
use crate::servers::mariadb::{Mariadb, account};

static PLAIN: LazyLock<Mariadb> = LazyLock::new(|| Mariadb::start(false));

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
async fn the_general_log_holds_no_password() {
    rotations::nothing_written(&*PLAIN).await;
}

#[tokio::test]
async fn a_server_without_tls_gets_no_password_where_tls_is_demanded() {
    rotations::without_tls(&*PLAIN).await;
}

#[tokio::test]
async fn a_server_with_tls_must_prove_its_name() {
    rotations::with_tls(&Mariadb::start(true)).await;
}

#[tokio::test]
async fn rights_of_every_kind_are_the_same() {
    let alternating = Rotator::named("mysql-alternating-users").unwrap();
    let user = "all ' ` kinds";
    let (first, second) = (account(user), account(&format!("{user}_clone")));
    PLAIN.add_user(user, "old-one");
    for grant in [
        "CREATE ROLE IF NOT EXISTS reader".to_owned(),
        "CREATE TABLE shop.more (a INT, b INT)".to_owned(),
        "GRANT SELECT ON shop.more TO reader".to_owned(),
        format!("GRANT reader TO {first}"),
        format!("SET DEFAULT ROLE reader FOR {first}"),
        format!("GRANT PROCESS ON *.* TO {first}"),
        format!("GRANT INSERT (a), UPDATE (b) ON shop.more TO {first}"),
        format!("GRANT CREATE ON `x TO ``y%`.* TO {first} WITH GRANT OPTION"),
        "CREATE PROCEDURE shop.go() SELECT 1".to_owned(),
        format!("GRANT EXECUTE ON PROCEDURE shop.go TO {first}"),
    ] {
        PLAIN.admin(&grant);
    }
    let current = secret(&*PLAIN, user, "old-one");
    rotate(&*PLAIN, alternating, &current, "new-one").await.unwrap();
    let rights = |of: &str| {
        let shown = PLAIN.admin(&format!("SHOW GRANTS FOR {of}"));
        let mut lines: Vec<String> = shown
            .replace("_clone", "")
            .lines()
            .map(|line| line.split(" IDENTIFIED ").next().unwrap_or_default().to_owned())
            .collect();
        lines.sort();
        lines
    };
    assert!(rights(&first).len() > 6, "{:?}", rights(&first));
    assert_eq!(rights(&first), rights(&second));
    let (is_good, _) =
        PLAIN.try_sql(&format!("{user}_clone"), "new-one", "SELECT a FROM shop.more");
    assert!(is_good, "the default role is active");
}

#[tokio::test]
async fn a_demand_for_tls_is_copied() {
    let server = Mariadb::start(true);
    let alternating = Rotator::named("mysql-alternating-users").unwrap();
    server.add_user("sealed", "old-one");
    let current = secret(&server, "sealed", "old-one");
    for (require, shown) in [("SSL", "ANY"), ("NONE", "")] {
        server.admin(&format!("ALTER USER {} REQUIRE {require}", account("sealed")));
        rotate(&server, alternating, &current, "new-one").await.unwrap();
        let tls = "SELECT ssl_type FROM mysql.user WHERE User = 'sealed_clone'";
        assert_eq!(server.admin(tls).trim(), shown);
        server.admin(&format!("DROP USER {}", account("sealed_clone")));
    }
}

#[tokio::test]
async fn users_who_log_in_in_another_way_than_the_native_one_keep_it() {
    let server = Mariadb::start(false);
    server.admin("INSTALL SONAME 'auth_ed25519'");
    let account = account("modern");
    server
        .admin(&format!("CREATE USER {account} IDENTIFIED VIA ed25519 USING PASSWORD('old-one')"));
    let current = secret(&server, "modern", "old-one");
    let single = Rotator::named("mysql-single-user").unwrap();
    let current = rotate(&server, single, &current, "new-one").await.unwrap();
    assert!(server.opens("modern", "new-one") && !server.opens("modern", "old-one"));
    let alternating = Rotator::named("mysql-alternating-users").unwrap();
    let current = rotate(&server, alternating, &current, "second").await.unwrap();
    rotate(&server, alternating, &current, "third").await.unwrap();
    assert!(server.opens("modern_clone", "second") && server.opens("modern", "third"));
    let plugin = server.admin("SELECT plugin FROM mysql.user WHERE User = 'modern'");
    assert_eq!(plugin.trim(), "ed25519");
    // About one challenge in 256 is one that the library answers wrongly.
    let (network, secret) = (network(&server), secret(&server, "modern", "third"));
    for _ in 0..400 {
        single.test(&network, &secret).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_user_is_let_in_only_once_it_has_its_rights() {
    let alternating = Rotator::named("mysql-alternating-users").unwrap();
    PLAIN.add_user("halfway", "old-one");
    let maker = account("maker");
    PLAIN.admin(&format!("CREATE USER {maker} IDENTIFIED BY 'maker'"));
    PLAIN.admin(&format!("GRANT CREATE USER ON *.* TO {maker}"));
    PLAIN.admin(&format!("GRANT SELECT ON mysql.* TO {maker}"));
    let current = secret(&*PLAIN, "halfway", "old-one");
    let pending = alternating.create(&current, &Sensitive::new("new-one".to_owned())).unwrap();
    let network = network(&*PLAIN);
    let set = async |superuser: &Sensitive<String>| {
        let (current, pending) = (&current, &pending);
        let superuser = Some(superuser);
        alternating.set(&network, Secrets { current, pending, previous: None, superuser }).await
    };
    let weak = secret(&*PLAIN, "maker", "maker");
    for _ in 0..2 {
        let failed = set(&weak).await.unwrap_err();
        assert!(failed.to_string().contains("give the second user the rights"), "{failed}");
        assert!(!PLAIN.kept("halfway_clone").is_empty());
        assert!(!PLAIN.opens("halfway_clone", "new-one"));
    }
    set(&superuser(&*PLAIN)).await.unwrap();
    assert!(PLAIN.reads("halfway_clone", "new-one"));
}

fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

/// Version 10; protocol 4.1, secure connection, plugins; no TLS.
fn greeting() -> Vec<u8> {
    let greeting = [
        b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0\0\x82\x2d\x02\0\x08\0\x15",
        &[0; 10][..],
        b"abcdefghijkl\0caching_sha2_password\0",
    ];
    packet(0, &greeting.concat())
}

/// The version that it says has no end.
#[tokio::test]
async fn a_server_that_answers_without_end_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let fine = [0, 0, 0, 2, 0, 0, 0];
    let column = b"\x03def\0\0\0\x01v\0\x0c\x2d\0\xff\xff\0\0\xfd\0\0\0\0\0";
    let text = [&[0xfc, 0x60, 0xea], &[b'8'; 60_000][..]].concat();
    let mut rows = 0_usize;
    let serve = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut said = [0; 1024];
        let logged_in = [packet(2, &[1, 3]), packet(3, &fine)].concat();
        let answer = [packet(1, &[1]), packet(2, column), packet(3, &[0xfe, 0, 0, 2, 0])].concat();
        for answer in [greeting(), logged_in, packet(1, &fine)] {
            client.write_all(&answer).await.unwrap();
            assert_ne!(client.read(&mut said).await.unwrap(), 0);
        }
        client.write_all(&answer).await.unwrap();
        let mut number = 3_u8;
        loop {
            number = number.wrapping_add(1);
            if client.write_all(&packet(number, &text)).await.is_err() {
                std::future::pending::<()>().await;
            }
            rows += 1;
        }
    };
    let single = Rotator::named("mysql-single-user").unwrap();
    let secret = secret_at(&*PLAIN, port, "app", "canary", r#""ssl":false,"#);
    let network = network(&*PLAIN);
    let error = tokio::select! {
        tested = single.test(&network, &secret) => tested.unwrap_err(),
        () = serve => panic!("the client goes on"),
    };
    let why = "`localhost` does not speak as MySQL does: Other error: an answer has no end";
    assert_eq!(error, RotationError::Failed(why.to_owned()));
    assert!(rows < 400, "{rows} rows of 60,000 bytes");
}

/// It asks for a key, and then sends none.
#[tokio::test]
async fn a_server_that_does_not_keep_to_the_protocol_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut said = [0; 1024];
        for answer in [greeting(), packet(2, &[1, 4]), packet(4, &[])] {
            client.write_all(&answer).await.unwrap();
            assert_ne!(client.read(&mut said).await.unwrap(), 0);
        }
    };
    let single = Rotator::named("mysql-single-user").unwrap();
    let secret = secret_at(&*PLAIN, port, "app", "canary", r#""ssl":false,"#);
    let network = network(&*PLAIN);
    let error = tokio::select! {
        tested = single.test(&network, &secret) => tested.unwrap_err(),
        () = serve => panic!("the client goes on"),
    };
    let why = "`localhost` does not speak as MySQL does";
    assert_eq!(error, RotationError::Failed(why.to_owned()));
}

#[tokio::test]
async fn a_server_that_judges_passwords_sees_them() {
    let server = Mariadb::start(false);
    server.admin("INSTALL SONAME 'simple_password_check'");
    server.add_user("judged", "Old-One-1");
    let current = secret(&server, "judged", "Old-One-1");
    let single = Rotator::named("mysql-single-user").unwrap();
    let refused = rotate(&server, single, &current, "weak").await.unwrap_err();
    let why =
        "`localhost` did not set the password: its policy does not allow the password (error 1819)";
    assert_eq!(refused, RotationError::Failed(why.to_owned()));
    let current = rotate(&server, single, &current, "New-One-1").await.unwrap();
    let alternating = Rotator::named("mysql-alternating-users").unwrap();
    rotate(&server, alternating, &current, "New-One-2").await.unwrap();
    assert!(server.reads("judged", "New-One-1") && server.reads("judged_clone", "New-One-2"));
}
