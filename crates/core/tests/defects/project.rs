//! A Terraform root and a gate on it.

use std::fs;
use std::path::{Path, PathBuf};

use em_infra_core::gate::{
    Approval, Checked, Event, GateConfig, Hooks, HostKind, LiveRead, Report, RunDirectory, Step,
    Tool, run,
};
use files::Mode;
use tempfile::TempDir;
use tf_run::{Env, InitArgs, Interrupt, Terraform};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-23 09:20:05 UTC);

pub(crate) struct Project {
    root: PathBuf,
    /// Removed with the project, where the project made it.
    _directory: Option<TempDir>,
    pub(crate) env: Env,
    pub(crate) promised: &'static [&'static str],
    pub(crate) check: Option<Checked>,
    pub(crate) approval: Approval,
    /// Reads the real objects without Terraform.
    pub(crate) reads_live: bool,
}

impl Project {
    /// A root that may take the awkward provider.
    pub(crate) fn new(configuration: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        files::create_private_dirs(&root).unwrap();
        testkit::awkward_mirror(directory.path());
        let project = Self {
            _directory: Some(directory),
            ..Self::in_root(&root)
        };
        project.write("main.tf", configuration);
        project
    }

    /// A root that another process made.
    pub(crate) fn in_root(root: &Path) -> Self {
        let folder = root.parent().unwrap();
        let mut env = testkit::env(folder);
        env.set("TF_CLI_CONFIG_FILE", folder.join("terraform.rc"));
        Self {
            root: root.to_owned(),
            _directory: None,
            env,
            promised: &[],
            check: None,
            approval: Approval::Apply,
            reads_live: false,
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.root.clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        files::create_private_dirs(path.parent().unwrap()).unwrap();
        files::create_atomic(&path, text.as_bytes(), Mode::Private).unwrap();
    }

    pub(crate) fn base(&self) -> PathBuf {
        self.path(".em-infra")
    }

    /// Runs the gate; `at` hears of each step that ended.
    pub(crate) fn gate(&self, at: &mut dyn FnMut(Moment)) -> Report {
        let directory = RunDirectory::create(&self.base(), NOW).unwrap();
        let terraform = Terraform::new(
            testkit::engine(),
            self.root(),
            directory.path(),
            &self.env,
            Interrupt::default(),
        )
        .unwrap();
        let config = GateConfig {
            directory,
            init: InitArgs::default(),
            var_files: Vec::new(),
            promised_outputs: self
                .promised
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            host: HostKind::Unspecified,
            tool: Tool {
                name: "test".to_owned(),
                version: "1".to_owned(),
            },
        };
        let at = std::cell::RefCell::new(at);
        let checked = self.check;
        let mut check = || checked.unwrap_or(Checked::Passed);
        let mut live = || self.read_live();
        let hooks = Hooks {
            now: &|| NOW,
            on_event: &mut |event| match event {
                Event::Started { step, .. } => at.borrow_mut()(Moment::Before(step)),
                Event::Finished { step, .. } => at.borrow_mut()(Moment::After(step)),
                Event::Terraform { .. } | Event::Planned { .. } => {}
            },
            check: Some(&mut check),
            live: self
                .reads_live
                .then_some(&mut live as &mut (dyn FnMut() -> LiveRead + Send)),
            approve: &mut |_| {
                at.borrow_mut()(Moment::Approval);
                self.approval
            },
        };
        run(&config, &terraform, hooks).unwrap()
    }

    /// Compares `things/one` with what the configuration says, as a read of a host does.
    fn read_live(&self) -> LiveRead {
        let seen = fs::read_to_string(self.path("things/one")).ok();
        let is_as_made = seen.as_deref() == Some("as made");
        let mismatch = || em_infra_core::drift::Mismatch {
            vmid: 1,
            machine: "thing one".to_owned(),
            what: em_infra_core::drift::Wrong::Differs {
                argument: "text".to_owned(),
                is: seen.clone(),
                shall_be: Some("as made".to_owned()),
            },
        };
        LiveRead::Done {
            machines: 1,
            host: "the directory".to_owned(),
            mismatches: if is_as_made {
                Vec::new()
            } else {
                vec![mismatch()]
            },
            beside: Vec::new(),
        }
    }
}

/// When something may be done to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Somebody is asked whether to apply.
    Approval,
    /// A step begins.
    Before(Step),
    /// A step ended.
    After(Step),
}

/// Every file below a directory, with its bytes.
pub(crate) fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}
