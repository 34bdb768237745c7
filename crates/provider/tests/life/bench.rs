//! A simulated host, an environment that uses it, and what was asked of it.

use pve_sim::{Clock, Config as Host, Entry, Scenario, Sim, User};
use tf_plugin::Value;

use crate::terraform::{Config, Terraform};

/// A simulated host and one environment on it.
pub(crate) struct Bench {
    pub(crate) sim: Sim,
    pub(crate) terraform: Terraform,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with_token("terraform").await
    }

    pub(crate) async fn with_token(token: &str) -> Self {
        let host = Host {
            scenario: Scenario::k3s_dev(),
            clock: Clock::Real { speed: 2_000.0 },
            listen: "127.0.0.1:0".to_owned(),
        };
        let sim = Sim::start(host).await.expect("a free port");
        let (id, secret) = sim.token(token).expect("a token of the scenario");
        let block = Value::object([
            ("endpoint", sim.url()),
            ("api_token_id", id),
            ("api_token_secret", secret),
            ("tls_fingerprint", sim.fingerprint().to_owned()),
        ]);
        Self {
            sim,
            terraform: Terraform::new(block),
        }
    }

    /// A second operator with the same configuration of the provider and a copy of the state.
    pub(crate) fn another(&self) -> Terraform {
        self.terraform.copy()
    }

    /// Somebody else with all rights.
    pub(crate) fn client(&self) -> pve_client::Client {
        let (id, secret) = self.sim.token("root").expect("a token of the scenario");
        let connection = pve_client::Connection {
            endpoint: self.sim.url().parse().expect("an address"),
            auth: pve_client::Auth::Token {
                id: id.parse().expect("an id"),
                secret: pve_client::Secret::new(secret),
            },
            tls: pve_client::Tls::Insecure,
        };
        pve_client::Client::new(&connection).expect("a client")
    }

    /// From now on a user with a password instead of the token.
    pub(crate) fn log_in(&mut self, user: &str) {
        let known = User {
            password: Some("secret".to_owned()),
            ..User::default()
        };
        self.sim.edit(|world| world.put_user(user, known));
        self.terraform.set("api_token_id", Value::Null);
        self.terraform.set("api_token_secret", Value::Null);
        self.terraform.set("username", user);
        self.terraform.set("password", "secret");
    }

    /// The requests since the last call that may change something.
    pub(crate) fn writes(&self) -> Vec<String> {
        let journal = self.sim.journal();
        self.sim.clear_journal();
        journal
            .iter()
            .filter(|entry| entry.write)
            .map(told)
            .collect()
    }

    /// The number of requests since the last call, the polling of tasks left out.
    pub(crate) fn calls(&self) -> usize {
        let journal = self.sim.journal();
        self.sim.clear_journal();
        journal
            .iter()
            .filter(|entry| !entry.path.contains("/tasks/"))
            .count()
    }
}

fn told(entry: &Entry) -> String {
    format!("{} {}", entry.method, entry.path)
}

/// A worker of the environment `k3s-dev` on slot `9 + number`.
pub(crate) fn worker(number: u32) -> Value {
    Value::object([
        ("name", Value::from(format!("k3s-dev-worker-{number}"))),
        ("env_name", "k3s-dev".into()),
        ("vmid", (8009 + number).into()),
        ("node", "pve".into()),
        ("template", "talos-v1.13-nocloud".into()),
        ("clone", "full".into()),
        ("role", "worker".into()),
        ("talos_version", "v1.13.0".into()),
        ("cores", 4.into()),
        ("memory", 8192.into()),
        ("cpu_type", "x86-64-v2-AES".into()),
        ("machine", "q35".into()),
        ("disk_gb", 20.into()),
        ("storage", "local-lvm".into()),
        ("bridge", "vmbr0".into()),
        ("mac", format!("BC:24:11:00:00:{number:02X}").into()),
        (
            "uuid",
            format!("6f1d7c1e-0000-5000-8000-0000000000{number:02x}").into(),
        ),
        ("address_mode", "static".into()),
        ("address", format!("192.168.50.{}", 9 + number).into()),
        ("prefix_length", 24.into()),
        ("gateway", "192.168.50.1".into()),
        ("nameservers", Value::list(["192.168.50.1"])),
        ("gpus", Value::List(Vec::new())),
        ("tags", Value::list(["k3s-dev", "talos"])),
        ("onboot", true.into()),
        ("protection", false.into()),
        ("started", true.into()),
    ])
}

pub(crate) fn workers(count: u32) -> Config {
    (1..=count)
        .map(|number| (format!("worker-{number}"), worker(number)))
        .collect()
}
