//! A provider as a process of its own: its output, its signals, its end.
//!
//! The process is this test program again, told to run the one test that serves.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tf_plugin::{Ended, Environment, MAGIC_COOKIE, Mode, serve};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::client::Client;
use crate::identity::Identity;
use crate::message::Message;
use crate::running::soon;
use crate::thing::{Log, apply, plugin};

/// Serves if it was started as a provider by one of the other tests.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it is a process of its own here")]
async fn is_a_provider_when_started_as_one() {
    let environment = Environment::read(Mode::Managed, |name| std::env::var(name).ok());
    if environment.is_started_by_terraform() {
        let ended = serve(plugin(&Log::default()), environment).await.unwrap();
        assert!(matches!(ended, Ended::LastConnectionClosed | Ended::Told));
    }
}

struct Provider {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    client: Client,
}

impl Provider {
    async fn start() -> Self {
        let identity = Identity::new();
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args([
                "process::is_a_provider_when_started_as_one",
                "--exact",
                "--nocapture",
            ])
            .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
            .env("PLUGIN_CLIENT_CERT", &identity.pem)
            .env("TF_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let line = soon(find(&mut stdout, |line| line.starts_with("1|6|"))).await;
        let client = Client::tls(&line, Some(&identity))
            .await
            .expect("a connection");
        Self {
            child,
            stdout,
            stderr,
            client,
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("it runs")).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("a living process");
    }

    /// Waits for a log line that holds the text.
    async fn logs(&mut self, text: &str) -> serde_json::Value {
        let line = soon(find(&mut self.stderr, |line| line.contains(text))).await;
        serde_json::from_str(&line).expect("a line of JSON")
    }

    /// Waits for the end; says whether it was a good one, and what else was on stdout.
    async fn end(mut self) -> (bool, Vec<String>) {
        let status = soon(self.child.wait()).await.expect("a status");
        let mut rest = Vec::new();
        while let Some(line) = self.stdout.next_line().await.expect("text") {
            rest.push(line);
        }
        // The test harness tells its own result.
        rest.retain(|line| !line.is_empty() && !line.starts_with("test "));
        (status.success(), rest)
    }
}

async fn find<R: tokio::io::AsyncBufRead + Unpin>(
    lines: &mut Lines<R>,
    wanted: impl Fn(&str) -> bool,
) -> String {
    loop {
        let line = lines
            .next_line()
            .await
            .expect("text")
            .expect("the line comes before the end");
        if wanted(&line) {
            return line;
        }
    }
}

#[tokio::test]
async fn the_signals_of_a_terminal_are_ignored_and_terraforms_stop_is_not() {
    let mut provider = Provider::start().await;
    let applied = apply(&provider.client, "wait", "a");
    provider.logs("waiting").await;
    provider.signal(Signal::SIGINT);
    provider.signal(Signal::SIGHUP);
    provider
        .client
        .call("StopProvider", &Message::new())
        .await
        .unwrap();
    let answer = soon(applied).await.unwrap().unwrap();
    assert_eq!(answer.diagnostics(3), ["warning at : Parked: Asked: "]);
    provider.client.clone().cut();
    assert_eq!(provider.end().await, (true, vec![]));
}

#[tokio::test]
async fn a_terminated_provider_parks_answers_and_ends() {
    let mut provider = Provider::start().await;
    let applied = apply(&provider.client, "wait", "a");
    provider.logs("waiting").await;
    provider.signal(Signal::SIGTERM);
    let answer = soon(applied).await.unwrap().unwrap();
    assert_eq!(answer.diagnostics(3), ["warning at : Parked: Asked: "]);
    assert_eq!(provider.end().await, (true, vec![]));
}

#[tokio::test]
async fn a_panic_is_logged_with_its_stack_and_the_process_lives() {
    let mut provider = Provider::start().await;
    let crashed = apply(&provider.client, "panic", "a")
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(crashed.0, 13);
    let line = provider.logs("the provider crashed").await;
    assert_eq!(line["@level"], "error");
    assert!(
        line["stack"]
            .as_str()
            .is_some_and(|stack| stack.contains("thing.rs")),
        "{line}"
    );
    assert!(
        provider
            .client
            .call("GetFunctions", &Message::new())
            .await
            .is_ok()
    );
    provider.client.clone().cut();
    assert_eq!(provider.end().await, (true, vec![]));
}
