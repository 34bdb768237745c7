//! An environment, its vault and a home, in one temporary directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use em_infra_core::state::rebuild::{self, Kind, RebuildError, RebuildRequest, Rebuilt, Snapshots};
use em_infra_core::state::restore::{Live, RestorePlan, RestoreRequest, Restored, plan};
use em_infra_core::state::vault::{Keys, Pin, Snapshot, Vault, VaultWriter};
use em_infra_core::state::{
    Content, Inspection, Judgement, Lock, LockedState, Place, SnapshotRequest, Taken, Who, snapshot,
};
use tempfile::TempDir;
use tf_run::{Env, Interrupt};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

/// A configuration that a state can be rebuilt for without a host.
pub(crate) const REBUILDABLE: &str =
    "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";

pub(crate) struct Lab {
    directory: PathBuf,
    /// Nothing where another process made it.
    _own: Option<TempDir>,
}

pub(crate) fn who() -> Who {
    Who {
        name: "solo@desk".to_owned(),
        version: "0.1.0".to_owned(),
        now: NOW,
    }
}

impl Lab {
    /// An environment that is not initialised: for states that Terraform never sees.
    pub(crate) fn bare() -> Self {
        let own = tempfile::tempdir().unwrap();
        let lab = Self {
            directory: own.path().to_owned(),
            _own: Some(own),
        };
        for name in ["env", "home"] {
            files::create_private_dir(&lab.path(name)).unwrap();
        }
        lab
    }

    /// The one that another process made.
    pub(crate) fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            _own: None,
        }
    }

    /// An initialised environment.
    pub(crate) fn new(configuration: &str) -> Self {
        let lab = Self::bare();
        lab.write("env/main.tf", configuration.as_bytes());
        lab.terraform(&["init", "-input=false"]).ok();
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        overwrite(&self.path(name), bytes);
    }

    pub(crate) fn place(&self) -> Place {
        Place::of(&self.path("env"))
    }

    pub(crate) fn vault(&self) -> Vault {
        Vault::open(&self.path("vault")).unwrap()
    }

    pub(crate) fn vault_writer(&self) -> VaultWriter {
        VaultWriter::open(&self.path("vault")).unwrap()
    }

    /// The bytes of the live state.
    pub(crate) fn state(&self) -> Vec<u8> {
        fs::read(self.place().state()).unwrap()
    }

    pub(crate) fn serial(&self) -> u64 {
        Content::new(self.state()).state().unwrap().serial
    }

    pub(crate) fn set_state(&self, bytes: &[u8]) {
        self.write("env/terraform.tfstate", bytes);
    }

    pub(crate) fn lock(&self) -> LockedState {
        match LockedState::take(&self.place(), &who(), "restore").unwrap() {
            Lock::Taken(state) => state,
            Lock::Missing => panic!("there is no state"),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        match self.try_snapshot(Judgement::ByHistory) {
            Taken::Stored(stored) => stored.snapshot().clone(),
            Taken::NoState => panic!("there is no state"),
        }
    }

    pub(crate) fn try_snapshot(&self, judgement: Judgement) -> Taken {
        let (place, vault, who) = (self.place(), self.path("vault"), who());
        let request = SnapshotRequest {
            place: &place,
            vault: &vault,
            who: &who,
            reason: "test",
            judgement,
            pin: Pin::Free,
        };
        snapshot(&request).unwrap()
    }

    /// Codes of what is wrong.
    pub(crate) fn hazards(&self) -> Vec<&'static str> {
        self.hazards_in(&Env::default())
    }

    pub(crate) fn hazards_in(&self, env: &Env) -> Vec<&'static str> {
        let found = Inspection::of(&self.place(), &self.vault(), env).unwrap();
        found
            .hazards
            .iter()
            .map(em_infra_core::state::Hazard::code)
            .collect()
    }

    pub(crate) fn with_request<T>(
        &self,
        source: &str,
        act: impl FnOnce(&RestoreRequest<'_>) -> T,
    ) -> T {
        let (place, vault, who) = (self.place(), self.path("vault"), who());
        act(&RestoreRequest {
            place: &place,
            vault: &vault,
            who: &who,
            source,
            accept_lineage: None,
            live: Live::Unchecked("no host in this test".to_owned()),
            keys: &Keys::default(),
        })
    }

    pub(crate) fn plan_restore(&self, source: &str) -> RestorePlan {
        self.with_request(source, plan).unwrap()
    }

    pub(crate) fn restore(&self, source: &str) -> Restored {
        self.with_request(source, |request| {
            let plan = plan(request).unwrap();
            let serial = plan.serial.to_string();
            plan.confirm(&serial).unwrap().execute(request).unwrap()
        })
    }

    /// Nothing is left of earlier rounds but the initialised environment.
    pub(crate) fn start_over(&self) {
        for name in ["vault", "env/.em-infra"] {
            files::remove_tree(&self.path(name)).unwrap();
        }
    }

    /// Takes over what [`REBUILDABLE`] wants: Terraform's builtin resource can be imported under any id.
    pub(crate) fn rebuild(&self) -> Result<Rebuilt, RebuildError> {
        const KINDS: [Kind; 1] = [Kind {
            resource_type: "terraform_data",
            existence: None,
            import_id: |planned| Some(planned.address.clone()),
        }];
        let (place, vault, who) = (self.place(), self.path("vault"), who());
        let (engine, env) = (testkit::engine(), testkit::env(&self.path("home")));
        let request = RebuildRequest {
            place: &place,
            vault: &vault,
            who: &who,
            engine: &engine,
            env: &env,
            interrupt: &Interrupt::default(),
            var_files: &[],
            kinds: &KINDS,
            snapshots: Snapshots::AreNotWanted,
        };
        let plan = rebuild::plan(&request, &mut |_| ())?;
        let objects = plan.objects.len().to_string();
        plan.confirm(&objects, &request, &mut |_| ()).unwrap()
    }

    pub(crate) fn terraform_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(testkit::engine().program);
        command
            .args(arguments)
            .current_dir(self.path("env"))
            .env_clear()
            .envs(testkit::env(&self.path("home")).iter())
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn terraform(&self, arguments: &[&str]) -> Said {
        Said::of(self.terraform_command(arguments).output().unwrap())
    }

    pub(crate) fn start_terraform(&self, arguments: &[&str]) -> Child {
        self.terraform_command(arguments).spawn().unwrap()
    }

    pub(crate) fn apply(&self) {
        self.terraform(&["apply", "-input=false", "-no-color", "-auto-approve"])
            .ok();
    }

    /// 0: no changes; 2: changes.
    pub(crate) fn plan(&self) -> Option<i32> {
        self.terraform(&["plan", "-input=false", "-no-color", "-detailed-exitcode"])
            .code
    }
}

/// How Terraform ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// As an editor or a crash does it: in place, whatever was there.
#[expect(clippy::disallowed_methods, reason = "damage is not done with care")]
pub(crate) fn overwrite(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

/// A state that Terraform could have written.
pub(crate) fn state(lineage: &str, serial: u64, names: &[&str]) -> Vec<u8> {
    let rows: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"    {{
      "mode": "managed",
      "type": "eminfra_talos_vm",
      "name": "{name}",
      "provider": "provider[\"terraform.local/em-infra/eminfra\"]",
      "instances": [{{"schema_version": 0, "attributes": {{"vmid": 8001, "name": "{name}", "big": 123456789012345678901234567890}}}}]
    }}"#
            )
        })
        .collect();
    format!(
        "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.15.5\",\n  \"serial\": {serial},\n  \"lineage\": \"{lineage}\",\n  \
         \"outputs\": {{}},\n  \"resources\": [\n{}\n  ],\n  \"check_results\": null\n}}\n",
        rows.join(",\n")
    )
    .into_bytes()
}
