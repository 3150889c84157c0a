//! Rotations of Redis users.

use std::sync::LazyLock;

use coffer_model::Sensitive;
use coffer_rotators::{RotationError, Rotator, Secrets};

use crate::database::{Database, network, rotate, secret};
use crate::rotations;
use crate::servers::redis::{Redis, Users};

static PLAIN: LazyLock<Redis> = LazyLock::new(|| Redis::start(false, Users::AclFile));

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
async fn the_slow_log_holds_no_password() {
    let server = Redis::start(false, Users::Nowhere);
    server.add_user("quiet", "old-one");
    let user = secret(&server, "quiet", "old-one");
    let single = Rotator::named("redis-single-user").unwrap();
    rotate(&server, single, &user, "canary").await.unwrap();
    let written = server.written();
    assert!(written.contains("PING"), "{written}");
    assert!(!written.contains("canary"), "{written}");
}

#[tokio::test]
async fn a_server_without_tls_gets_no_password_where_tls_is_demanded() {
    rotations::without_tls(&*PLAIN).await;
}

#[tokio::test]
async fn a_server_with_tls_must_prove_its_name() {
    rotations::with_tls(&Redis::start(true, Users::Nowhere)).await;
}

#[tokio::test]
async fn what_was_set_is_still_there_after_a_restart() {
    for users in [Users::AclFile, Users::ConfigFile] {
        let server = Redis::start(false, users);
        server.add_user("durable", "old-one");
        let current = secret(&server, "durable", "old-one");
        let single = Rotator::named("redis-single-user").unwrap();
        let current = rotate(&server, single, &current, "one").await.unwrap();
        let begun_again = server.begun_again(users);
        assert!(begun_again.opens("durable", "one"), "{users:?}");
        let alternating = Rotator::named("redis-alternating-users").unwrap();
        let current = rotate(&server, alternating, &current, "two").await.unwrap();
        let begun_again = server.begun_again(users);
        assert!(begun_again.opens("durable_clone", "two"), "{users:?}");

        // As after a crash between the two commands: it is set, and not kept.
        let alternate = alternating.create(&current, &Sensitive::new("three".to_owned())).unwrap();
        server.set_password("durable", "three");
        assert!(!server.begun_again(users).opens("durable", "three"), "{users:?}");
        let superuser = crate::database::superuser(&server);
        let secrets = Secrets {
            current: &current,
            pending: &alternate,
            previous: None,
            superuser: Some(&superuser),
        };
        alternating.set(&network(&server), secrets).await.unwrap();
        assert!(server.begun_again(users).opens("durable", "three"), "{users:?}");
    }
}

#[tokio::test]
async fn a_user_who_could_not_keep_the_password_does_not_set_it() {
    let single = Rotator::named("redis-single-user").unwrap();
    PLAIN.add_user("unkept", "old-one");
    PLAIN.admin(&["ACL", "SETUSER", "unkept", "-acl|save"]);
    let current = secret(&*PLAIN, "unkept", "old-one");
    let failed = rotate(&*PLAIN, single, &current, "new-one").await.unwrap_err();
    assert!(matches!(failed, RotationError::Failed(_)), "{failed:?}");
    assert!(PLAIN.opens("unkept", "old-one") && !PLAIN.opens("unkept", "new-one"));
}

#[tokio::test]
async fn rules_of_every_kind_are_the_same() {
    let alternating = Rotator::named("redis-alternating-users").unwrap();
    PLAIN.add_user("rich", "old-one");
    PLAIN.admin(&[
        "ACL",
        "SETUSER",
        "rich",
        "resetchannels",
        "&news:*",
        "%R~reports:*",
        "-@dangerous",
        "+@hash",
        "-hset",
        "(+set ~drafts:*)",
        "(%W~in:* +rpush)",
        "skip-sanitize-payload",
    ]);
    let current = secret(&*PLAIN, "rich", "old-one");
    rotate(&*PLAIN, alternating, &current, "new-one").await.unwrap();
    let rules = |user: &str| {
        let line = PLAIN.kept(user);
        let rules: Vec<String> =
            line.split(' ').skip(2).filter(|it| !it.starts_with('#')).map(str::to_owned).collect();
        rules
    };
    assert!(rules("rich").len() > 10);
    assert_eq!(rules("rich"), rules("rich_clone"));
}
