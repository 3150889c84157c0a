//! What a function cannot read, write, or speak to.

use coffer_functions::{Confinement, FailureKind, RunAs};

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
};

use crate::world::{PROVIDED, World, function, is_root, shell, text};

/// Whether this kernel can confine.
fn has_landlock() -> bool {
    let needed = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    needed.handle_access(AccessFs::from_all(ABI::V1)).and_then(|it| it.create()).is_ok()
}

const LOOK: &str = "while next; do\n\
    try() { if \"$@\" 2>/dev/null; then echo \"yes $*\"; else echo \"no $*\"; fi; }\n\
    { try test -r bootstrap; try touch \"$HOME/a\"; try touch \"$TMPDIR/b\"; try touch new\n\
      try sh -c ': > /dev/null'; try sh -c ': >> bootstrap'; try chmod 777 bootstrap\n\
      try cat \"$HIDDEN\"; try ls \"$LAMBDA_TASK_ROOT/..\"; try touch \"$OWN\"; id -u; } | post response\n\
    done";

#[tokio::test]
async fn a_function_of_another_user_cannot_write_its_code_or_read_coffer_s_data() {
    if !is_root() {
        // Only root can become another user; what the settings say then is tested beside them.
        return;
    }
    let world = World::with(|settings| {
        settings.run_as = RunAs::Users { uid_first: 61_184, uids: 100, gid: 61_184 };
        let data = settings.working_folder.with_file_name("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("key"), "secret").unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    });
    open_folders_above(&world);
    let mut tested = shell(LOOK);
    let hidden = world.folder.join("data/key").display().to_string();
    let own = format!("/tmp/coffer-functions-{}", std::process::id());
    tested.environment.push(("HIDDEN".to_owned(), hidden.clone().into()));
    tested.environment.push(("OWN".to_owned(), own.clone().into()));
    let outcome = world.invoke(&tested, "{}").await;
    let seen = text(&outcome.payload);
    for (answer, what) in [
        ("yes", "test -r bootstrap"),
        ("yes", "touch "),
        ("no", "touch new"),
        ("no", "sh -c : >> bootstrap"),
        ("no", "chmod 777 bootstrap"),
        ("no", "ls "),
        ("yes", "sh -c : > /dev/null"),
        // Where the tests' own folders are in the host's `/tmp`, no other can be put there.
        (
            if world.folder.starts_with("/tmp") { "no" } else { "yes" },
            "touch /tmp/coffer-functions-",
        ),
    ] {
        let line = format!("{answer} {what}");
        assert!(seen.lines().any(|it| it.starts_with(&line)), "{line} in\n{seen}");
    }
    assert!(seen.contains(&format!("no cat {hidden}")), "{seen}");
    assert!(seen.ends_with("\n61184\n"), "{seen}");
    // Where it may have a `/tmp` of its own, the host's has nothing of it.
    assert!(!std::path::Path::new(&own).exists());
}

#[tokio::test]
async fn instances_of_other_users_do_not_share_them() {
    if !is_root() {
        return;
    }
    let world = World::with(|settings| {
        settings.run_as = RunAs::Users { uid_first: 61_184, uids: 100, gid: 61_184 };
    });
    open_folders_above(&world);
    let tested = shell("while next; do sleep 1; id | post response; done");
    let (one, other) = tokio::join!(world.invoke(&tested, "{}"), world.invoke(&tested, "{}"));
    assert_ne!(one.payload, other.payload);
    let users = [text(&one.payload), text(&other.payload)].concat();
    assert!(users.contains("uid=61184 gid=61184 groups=61184"), "{users}");
    assert!(users.contains("uid=61185 gid=61184 groups=61184"), "{users}");
}

#[tokio::test]
async fn landlock_hides_what_is_hidden_from_the_same_user_too() {
    let world = World::with(|settings| {
        let data = settings.working_folder.with_file_name("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("key"), "secret").unwrap();
        settings.hidden_folders.push(data);
        settings.confinement = Confinement::Required;
    });
    let mut tested = shell(LOOK);
    let hidden = world.folder.join("data/key").display().to_string();
    let own = format!("/tmp/coffer-functions-{}", std::process::id());
    tested.environment.push(("HIDDEN".to_owned(), hidden.clone().into()));
    tested.environment.push(("OWN".to_owned(), own.clone().into()));
    let outcome = world.try_invoke(&tested, "{}").await;
    if !has_landlock() {
        let failure = outcome.unwrap_err();
        assert_eq!(failure.kind, FailureKind::CannotStart);
        assert!(failure.message.contains("this kernel has no Landlock"), "{failure}");
        return;
    }
    // Only root can give it a `/tmp` of its own.
    std::fs::remove_file(own).ok();
    let outcome = outcome.unwrap();
    let seen = text(&outcome.payload);
    for line in [&format!("no cat {hidden}"), "no sh -c : >> bootstrap", "no touch new"] {
        assert!(seen.lines().any(|it| it == line), "{line} in\n{seen}");
    }
    assert!(seen.contains("yes touch ") && seen.contains("yes test -r bootstrap"), "{seen}");
}

#[tokio::test]
async fn nobody_else_can_take_a_function_s_events() {
    let world = World::new();
    let tested = shell("while next; do echo \"$AWS_LAMBDA_RUNTIME_API\" | post response; done");
    let address = text(&world.invoke(&tested, "{}").await.payload).trim().to_owned();
    // This process, and a function's, are none of that instance's.
    let next = format!("http://{address}/2018-06-01/runtime/invocation/next");
    let asked =
        std::process::Command::new("curl").args(["-sS", "-m", "5", &next]).output().unwrap();
    assert!(!asked.status.success() && asked.stdout.is_empty(), "{asked:?}");
    let mut other = shell(
        "while next; do curl -sS -m 5 \"$event\" >\"$TMPDIR/taken\" 2>/dev/null; echo \"$? $(wc -c \
         <\"$TMPDIR/taken\")\" | post response; done",
    );
    other.arn.push_str("-other");
    let taken = world.invoke(&other, &next).await;
    // Nothing in the answer, or the connection reset.
    assert!(["52 0\n", "56 0\n"].contains(&text(&taken.payload)), "{}", text(&taken.payload));
    assert_eq!(text(&world.invoke(&tested, "{}").await.payload).trim(), address);
}

#[tokio::test]
async fn the_launcher_is_not_touched_by_a_function_s_variables() {
    let world = World::new();
    let mut tested = function(PROVIDED, "bootstrap", "#!/bin/sh\nexit 7\n");
    let own = ("LD_PRELOAD".to_owned(), "/no/such/library.so".to_owned().into());
    tested.environment.push(own);
    let outcome = world.invoke(&tested, "{}").await;
    assert!(text(&outcome.payload).contains("exit status 7"));
    // Once, by the shell of the bootstrap; the launcher's two steps would have said the same.
    let log = text(&outcome.log_tail);
    assert_eq!(log.matches("no/such/library.so").count(), 1, "{log}");
}

/// Makes the temporary folder one that others can pass through.
fn open_folders_above(world: &World) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(0o711);
    std::fs::set_permissions(&world.folder, permissions).unwrap();
}
