//! What becomes of functions when the server is killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use coffer_functions::Functions;

use crate::world::{PYTHON, TestHost, World, function, is_alive, settings, wait_until};

/// Where it is set, the test is the server that is killed, with its folder there.
const SERVER: &str = "COFFER_FUNCTIONS_SERVER";
const APP: &str = "
import os, subprocess, time
def handler(event, context):
    if os.fork() == 0:
        os.setsid()
        child = subprocess.Popen(['setsid', 'sleep', '600'])
        path = os.environ['HOME'] + '/processes'
        with open(path, 'w') as file:
            file.write(f'{os.getppid()} {os.getpid()} {child.pid}')
        os.rename(path, path + '.done')
    time.sleep(600)
";

#[tokio::test]
async fn a_kill_of_the_server_leaves_no_function_behind() {
    if let Some(folder) = std::env::var_os(SERVER) {
        serve_until_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let name = "parent::a_kill_of_the_server_leaves_no_function_behind";
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(SERVER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the function runs", || processes_file(folder.path()).is_some()).await;
    let told = std::fs::read_to_string(processes_file(folder.path()).unwrap()).unwrap();
    let processes: Vec<u32> = told.split(' ').map(|process| process.parse().unwrap()).collect();
    assert!(processes.len() == 3 && processes.iter().all(|&it| is_alive(it)), "{told}");
    server.kill().unwrap();
    server.wait().unwrap();
    wait_until("all have ended", || !processes.iter().any(|&it| is_alive(it))).await;
    // The next server takes the folder over, and finds nothing of the last one's.
    let host = Arc::new(TestHost::default());
    let functions = Functions::new(settings(folder.path()), host).unwrap();
    assert!(processes_file(folder.path()).is_none());
    drop(functions);
}

fn processes_file(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder.join("functions/scratch")).ok()?;
    let mut files = entries.flatten().map(|entry| entry.path().join("processes.done"));
    files.find(|file| file.exists())
}

async fn serve_until_killed(folder: &Path) -> ! {
    let world = World::in_folder(folder);
    let outcome = world.try_invoke(&function(PYTHON, "app.py", APP), "{}").await;
    panic!("nobody has killed the server: {outcome:?}");
}
