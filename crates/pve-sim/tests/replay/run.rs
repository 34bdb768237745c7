//! Doing the steps of a recording in order.

use std::time::Duration;

use pve_sim::{Config, PveVersion, Scenario, Sim};
use serde_json::{Value, json};

use crate::build;
use crate::client::{Client, Reply};
use crate::compare::Bindings;

/// How a step went.
pub(crate) struct Outcome {
    pub(crate) scenario: String,
    pub(crate) step: usize,
    pub(crate) note: String,
    pub(crate) problems: Vec<String>,
    pub(crate) wrong_status: bool,
    /// A read after the step differs: something exists that should not, or the other way round, or is not as it was.
    pub(crate) wrong_afterwards: bool,
}

struct Replay<'a> {
    sim: &'a Sim,
    client: Client<'a>,
    observer: String,
    bindings: Bindings,
}

pub(crate) async fn replay(version: PveVersion, name: &str, recording: &Value) -> Vec<Outcome> {
    let world = &recording["world"];
    let scenario = Scenario::empty(version, world["node"].as_str().unwrap());
    let sim = Sim::start(Config::stepped(scenario)).await.unwrap();
    sim.edit(|host| build::world(world, host));
    let mut replay = Replay {
        sim: &sim,
        client: Client::new(&sim, world),
        observer: world["observer"].as_str().unwrap().to_owned(),
        bindings: Bindings::default(),
    };
    let mut outcomes = Vec::new();
    for (index, step) in recording["steps"].as_array().unwrap().iter().enumerate() {
        if step.get("event").is_some() {
            replay.event(&step["event"]);
            continue;
        }
        let (mut problems, wrong_status) = replay.step(step).await;
        let afterwards = replay.reads_after(step).await;
        let wrong_afterwards = !afterwards.is_empty();
        problems.extend(afterwards);
        outcomes.push(Outcome {
            scenario: name.to_owned(),
            step: index,
            note: step["note"].as_str().unwrap_or_default().to_owned(),
            problems,
            wrong_status,
            wrong_afterwards,
        });
    }
    sim.shutdown().await;
    outcomes
}

impl Replay<'_> {
    fn event(&self, event: &Value) {
        let vmid = || u32::try_from(event["vmid"].as_u64().unwrap()).unwrap();
        let upid = || self.bindings.fill_text(event["upid"].as_str().unwrap());
        let flag = |key: &str| event[key].as_bool().unwrap();
        match event["kind"].as_str().unwrap() {
            "wait" => {
                let seconds = event["seconds"].as_f64().unwrap();
                self.sim.advance(Duration::from_secs_f64(seconds));
            }
            "wait-task" => drop(self.sim.finish_task(&upid())),
            "slow-copies" => {
                let span = flag("on").then_some(Duration::from_secs(8));
                self.sim.edit(|world| world.slow_copies(span));
            }
            "worker-killed" => drop(self.sim.edit(|world| world.kill_worker(&upid()))),
            "vm-lock-file" => self.sim.edit(|w| w.hold_lock_file(vmid(), flag("held"))),
            "config-lock" => {
                let lock = event["lock"].as_str().filter(|lock| !lock.is_empty());
                self.sim.edit(|world| world.set_config_lock(vmid(), lock));
            }
            "guest" => {
                self.sim
                    .edit(|world| world.set_guest(vmid(), build::guest(&event["guest"])));
            }
            "guest-exits" => self.sim.edit(|world| world.guest_exits(vmid())),
            "hypervisor-refuses" => {
                let text = event["text"].as_str().filter(|text| !text.is_empty());
                self.sim.edit(|world| world.hypervisor_refuses(text));
            }
            other => panic!("unknown event {other}"),
        }
    }

    async fn step(&mut self, step: &Value) -> (Vec<String>, bool) {
        match step["parallel"].as_array() {
            Some(parallel) => self.parallel(parallel).await,
            None => self.single(step).await,
        }
    }

    async fn reads_after(&mut self, step: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for then in step["then"].as_array().into_iter().flatten() {
            problems.extend(self.follow_up(then).await);
        }
        if let Some(alternatives) = step["then_any_of"].as_array() {
            problems.extend(self.any_of(alternatives).await);
        }
        problems
    }

    async fn single(&mut self, step: &Value) -> (Vec<String>, bool) {
        let who = step["as"].as_str().unwrap();
        let request = self.bindings.fill(&step["request"]);
        let before = self.sim.world(pve_sim::World::now);
        let reply = self.client.send(who, &request).await;
        let took = self.sim.world(pve_sim::World::now).since(before);
        let (mut problems, wrong_status) = self.check(&step["response"], &reply);
        // Below three seconds it was the recording machine's own slowness.
        let wanted = step["response"]["seconds"].as_u64().unwrap_or(0);
        let fits = match wanted {
            0 => took < Duration::from_secs(2),
            1 | 2 => true,
            _ => took.as_secs().abs_diff(wanted) <= 1,
        };
        if !fits {
            problems.push(format!("took {took:?}, want {wanted} s"));
        }
        if let Some(task) = step.get("task") {
            problems.extend(self.task(who, task, &reply).await);
        }
        (problems, wrong_status)
    }

    /// Requests sent at once: which of them wins is arbitrary.
    async fn parallel(&mut self, parallel: &[Value]) -> (Vec<String>, bool) {
        let mut left: Vec<(String, Reply)> = Vec::new();
        for one in parallel {
            let who = one["as"].as_str().unwrap().to_owned();
            let reply = self
                .client
                .send(&who, &self.bindings.fill(&one["request"]))
                .await;
            left.push((who, reply));
        }
        let mut problems = Vec::new();
        for one in parallel {
            let fitting = (0..left.len()).find(|index| {
                self.bindings
                    .clone()
                    .compare("", &one["response"]["body"], &left[*index].1.body)
                    .is_empty()
            });
            let (who, reply) = left.remove(fitting.unwrap_or(0));
            problems.extend(self.check(&one["response"], &reply).0);
            if let Some(task) = one.get("task") {
                problems.extend(self.task(&who, task, &reply).await);
            }
        }
        let wrong = problems.iter().any(|problem| problem.starts_with("status"));
        (problems, wrong)
    }

    fn check(&mut self, expected: &Value, reply: &Reply) -> (Vec<String>, bool) {
        let status = json!(reply.status);
        let mut problems = self
            .bindings
            .compare("status", &expected["status"], &status);
        let wrong_status = !problems.is_empty();
        let reason = json!(reply.reason);
        problems.extend(
            self.bindings
                .compare("reason", &expected["reason"], &reason),
        );
        problems.extend(
            self.bindings
                .compare("body", &expected["body"], &reply.body),
        );
        (problems, wrong_status)
    }

    async fn task(&mut self, who: &str, expected: &Value, reply: &Reply) -> Vec<String> {
        let Some(upid) = reply.body["data"].as_str() else {
            return vec!["task: the answer is no UPID".to_owned()];
        };
        self.sim.finish_task(upid);
        let path = format!(
            "/nodes/pve/tasks/{}",
            upid.replace(':', "%3A").replace('!', "%21")
        );
        let status = self.client.get(who, &format!("{path}/status")).await.body["data"].clone();
        let log = self
            .client
            .get(who, &format!("{path}/log?limit=0"))
            .await
            .body["data"]
            .clone();
        let lines: Vec<Value> = log
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| line["t"].clone())
            .collect();
        let mut actual = json!({ "log": lines });
        for key in ["upid", "type", "id", "user", "tokenid", "exitstatus"] {
            if let Some(value) = status.get(key) {
                actual[key] = value.clone();
            }
        }
        self.bindings.compare("task", expected, &actual)
    }

    async fn follow_up(&mut self, then: &Value) -> Vec<String> {
        let who = then["as"].as_str().unwrap_or(&self.observer).to_owned();
        let path = self.bindings.fill_text(then["path"].as_str().unwrap());
        let reply = self.client.get(&who, &path).await;
        let (problems, _) = self.check(then, &reply);
        problems
            .into_iter()
            .map(|problem| format!("then {path}: {problem}"))
            .collect()
    }

    async fn any_of(&mut self, alternatives: &[Value]) -> Vec<String> {
        let count = alternatives[0].as_array().unwrap().len();
        let mut problems = Vec::new();
        for index in 0..count {
            let path = alternatives[0][index]["path"].as_str().unwrap();
            let reply = self.client.get(&self.observer.clone(), path).await;
            let bodies: Vec<&Value> = alternatives.iter().map(|a| &a[index]["body"]).collect();
            if !self.bindings.fits_mixture(&bodies, &reply.body) {
                problems.push(format!("then {path}: {} was never seen", reply.body));
            }
        }
        problems
    }
}
