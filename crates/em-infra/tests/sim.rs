//! `em-infra sim serve`, as a person meets it: what it prints, what it does, what it refuses.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pve_client::{Auth, Client, Connection, Error, Tls};
use serde_json::Value;
use tempfile::TempDir;

const ANY_PORT: &str = "--listen=127.0.0.1:0";

fn em_infra(folder: &Path, arguments: &[&str]) -> Command {
    let env = testkit::env(folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_em-infra"));
    command
        .arg("sim")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(env.iter())
        .stdin(Stdio::null());
    command
}

/// A simulated host in a process of its own.
struct Host {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
    folder: TempDir,
}

impl Host {
    fn start(folder: TempDir, arguments: &[&str]) -> Self {
        let mut process = em_infra(folder.path(), &["serve"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            stdout,
            folder,
        }
    }

    /// The next line on stdout.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// What a script is told.
    fn reachable(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Exit code and stderr after a signal.
    fn ended(mut self, signal: Signal) -> (Option<i32>, String, TempDir) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
        let mut said = String::new();
        let mut stderr = self.process.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said, self.folder)
    }
}

fn client(url: &str, fingerprint: &str, id: &str, secret: &str) -> Client {
    let connection = Connection {
        endpoint: url.parse().unwrap(),
        auth: Auth::Token {
            id: id.parse().unwrap(),
            secret: secret.to_owned().into(),
        },
        tls: Tls::Fingerprint(fingerprint.parse().unwrap()),
    };
    Client::new(&connection).unwrap()
}

/// A client made from what a script is told.
fn client_of(host: &Value, token: &str) -> Client {
    let tokens = host["tokens"].as_array().unwrap();
    let token = tokens.iter().find(|known| known["name"] == token).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    client(
        &text(&host["url"]),
        &text(&host["fingerprint"]),
        &text(&token["id"]),
        &text(&token["secret"]),
    )
}

fn wait<T>(call: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(call)
}

/// The status of a read of the version.
fn version(client: &Client) -> Result<String, u16> {
    match wait(client.version()) {
        Ok(version) => Ok(version.release),
        Err(Error::Refused(refusal)) => Err(refusal.status()),
        Err(error) => panic!("{error}"),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// What differs from run to run, by what it is.
fn masked(text: &str, replaced: &[(&str, &str)]) -> String {
    replaced
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn the_lines_to_export_reach_the_host() {
    let fault = "GET /nodes delay 1 times=3";
    let mut host = Host::start(folder(), &[ANY_PORT, "--pve=8.4", "--fault", fault]);
    let lines: Vec<String> = (0..4).map(|_| host.line()).collect();
    let exported: BTreeMap<&str, &str> = lines
        .iter()
        .map(|line| {
            line.strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap()
        })
        .map(|(name, value)| (name, value.trim_matches('\'')))
        .collect();
    let names: Vec<&str> = exported
        .keys()
        .map(|name| name.strip_prefix("TF_VAR_").unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "proxmox_api_token_id",
            "proxmox_api_token_secret",
            "proxmox_api_url",
            "proxmox_tls_fingerprint"
        ]
    );
    let [id, secret, url, fingerprint] = [0, 1, 2, 3].map(|at| *exported.values().nth(at).unwrap());
    assert_eq!(
        version(&client(url, fingerprint, id, secret)),
        Ok("8.4".to_owned())
    );

    let (code, said, _) = host.ended(Signal::SIGINT);
    assert_eq!(code, Some(0));
    let said = masked(&said, &[(url, "URL"), (fingerprint, "FINGERPRINT")]);
    insta::assert_snapshot!(said);
}

#[test]
fn a_script_gets_one_line_of_json_and_faults_and_journal_do_what_they_say() {
    let mut host = Host::start(
        folder(),
        &[
            "--format=json",
            ANY_PORT,
            "--fault=GET /version status 500 broken times=1",
            "--fault=GET /version delay 600 nth=2",
            "--journal=requests.jsonl",
            "--speed=10000",
        ],
    );
    let reachable = host.reachable();
    assert_eq!(
        reachable["faults"],
        serde_json::json!([
            "GET /version status 500 broken times=1",
            "GET /version delay 600 nth=2"
        ])
    );
    let client = client_of(&reachable, "terraform");
    assert_eq!(version(&client), Err(500));
    assert_eq!(
        version(&client),
        Ok("9.2".to_owned()),
        "ten minutes of the host's time later"
    );
    let (code, _, folder) = host.ended(Signal::SIGTERM);
    assert_eq!(code, Some(0));

    let journal = std::fs::read_to_string(folder.path().join("requests.jsonl")).unwrap();
    let entries: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let brief: Vec<String> = entries
        .iter()
        .map(|e| {
            format!(
                "{} {} {} {} {}",
                e["method"], e["path"], e["principal"], e["status"], e["write"]
            )
        })
        .collect();
    let who = "\"em-infra@pve!terraform\"";
    assert_eq!(
        brief,
        [500, 200].map(|status| format!("\"GET\" \"/version\" {who} {status} false"))
    );
    assert!(
        entries[1]["duration"].as_f64().unwrap() >= 600.0,
        "{journal}"
    );
}

#[test]
fn a_scenario_brings_its_own_host_and_faults_and_the_command_line_adds_to_them() {
    let folder = folder();
    let scenario = format!(
        "faults = [\"GET /version status 503 busy times=1\"]\n{}",
        pve_sim::Scenario::k3s_dev_toml().replace("node = \"pve\"", "node = \"other\"")
    );
    let path = folder.path().join("host.toml");
    files::create_atomic(&path, scenario.as_bytes(), files::Mode::Private).unwrap();
    let mut host = Host::start(
        folder,
        &[
            "--format=json",
            ANY_PORT,
            "--scenario=host.toml",
            "--pve=8.4",
            "--fault=GET /version status 502 gone nth=2",
        ],
    );
    let reachable = host.reachable();
    assert_eq!(reachable["pve"], "8.4");
    let client = client_of(&reachable, "readonly");
    let seen = [version(&client), version(&client), version(&client)];
    assert_eq!(seen, [Err(503), Err(502), Ok("8.4".to_owned())]);
    let nodes = wait(client.nodes()).unwrap();
    let names: Vec<String> = nodes.iter().map(|node| node.node.to_string()).collect();
    assert_eq!(names, ["other"]);
    host.ended(Signal::SIGTERM);
}

#[test]
fn a_wrong_command_line_is_refused_with_what_to_write_instead() {
    let folder = folder();
    let broken = "pve = \"9.2\"\nnodes = 3\n";
    let unknown = "[[volume]]\nvolid = \"nowhere:9/vm-9-disk-0.raw\"\nsize = \"1G\"\n";
    let fault = "faults = [\"GET /version explode\"]\n";
    for (name, text) in [
        ("broken.toml", broken),
        ("unknown.toml", unknown),
        ("fault.toml", fault),
    ] {
        files::create_atomic(
            &folder.path().join(name),
            text.as_bytes(),
            files::Mode::Private,
        )
        .unwrap();
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: [&[&str]; 12] = [
        &["--pve=7.4"],
        &["--speed=0"],
        &["--speed=fast"],
        &["--fault=GET /version explode"],
        &["--fault=GET /version delay soon"],
        &["--fault=version"],
        &["--scenario=missing.toml"],
        &["--scenario=broken.toml"],
        &["--scenario=unknown.toml"],
        &["--scenario=fault.toml"],
        &["--journal=missing/requests.jsonl"],
        &["--listen=nowhere"],
    ];
    let said = |arguments: &[&str]| {
        let mut command = em_infra(folder.path(), &["serve"]);
        let output = command.args(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.stdout, b"", "{arguments:?}");
        format!(
            "$ sim serve {}\n{}\n{stderr}",
            arguments.join(" "),
            output.status
        )
    };
    let all: Vec<String> = cases.into_iter().map(said).collect();
    insta::assert_snapshot!(all.join("\n"));
    let busy = said(&[&format!("--listen={taken}")]);
    insta::assert_snapshot!(masked(&busy, &[(&taken, "TAKEN")]));
}

#[test]
fn the_help_names_every_fault() {
    let output = em_infra(folder().path(), &["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, actions) = words.split_once("Actions: ").unwrap();
    let (actions, _) = actions.split_once('.').unwrap();
    let mut named: Vec<String> = actions.split(", ").map(str::to_owned).collect();
    let mut known: Vec<String> = pve_sim::FAULT_ACTIONS
        .iter()
        .map(|(name, arguments)| format!("{name} {arguments}").trim_end().to_owned())
        .collect();
    named.sort();
    known.sort();
    assert_eq!(named, known);
}

#[test]
fn the_built_in_host_is_printed_as_a_scenario() {
    let output = em_infra(folder().path(), &["scenario"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, pve_sim::Scenario::k3s_dev_toml());
}
