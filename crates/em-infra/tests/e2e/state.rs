//! Lost and damaged states of the real environment: one command, and no VM is rebuilt.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::lab::{Lab, Said};

impl Lab {
    fn state_command(&self, arguments: &[&str]) -> Said {
        self.em_infra(&[&["state", "--format", "json"], arguments].concat())
    }

    pub(crate) fn apply(&self) {
        self.terraform(&[CHDIR, "init", "-input=false"]).succeeded();
        self.terraform(&[CHDIR, "apply", "-input=false", "-auto-approve"])
            .succeeded();
    }

    pub(crate) fn has_no_changes(&self) {
        self.terraform(&[CHDIR, "plan", "-input=false", "-detailed-exitcode"])
            .succeeded();
    }

    /// VMID and UUID: a VM that was built anew has another number of starts, and this environment derives UUIDs, so the
    /// writes since tell rebuilding from keeping.
    fn machines(&self) -> (BTreeMap<u32, String>, usize) {
        (self.vms(), self.writes().len())
    }

    pub(crate) fn state_path(&self) -> std::path::PathBuf {
        self.root().join("terraform.tfstate")
    }

    /// What a disaster leaves: no state file, or one with these bytes.
    pub(crate) fn set_live_state(&self, content: Option<&[u8]>) {
        let path = self.state_path();
        files::remove_file(&path).unwrap();
        if let Some(bytes) = content {
            files::create_new(&path, bytes, files::Mode::Private).unwrap();
        }
    }

    fn hazard_codes(&self) -> Vec<String> {
        let status = self.state_command(&["status"]).json();
        let hazards = status["hazards"].as_array().unwrap().iter();
        let blocking = hazards.filter(|hazard| hazard["weight"] == "blocks");
        blocking
            .map(|hazard| hazard["code"].as_str().unwrap().to_owned())
            .collect()
    }

    fn restore_latest(&self) {
        let plan = self
            .state_command(&["restore", "latest", "--dry-run"])
            .succeeded()
            .json();
        let serial = plan["serial"].to_string();
        let done = self
            .state_command(&["restore", "latest", "--confirm", &serial])
            .succeeded()
            .json();
        assert_eq!(done["restored"], json!(true));
        let rests = json!({"plans": {"changed_outside": [], "planned": []}});
        assert_eq!(done["terraform"], rests);
    }
}

const CHDIR: &str = "-chdir=terraform/environments/k3s-dev";

#[test]
fn a_damaged_state_is_back_with_one_command_and_no_vm_is_touched() {
    let lab = Lab::installed();
    lab.apply();
    let kept = lab.state_command(&["snapshot"]).succeeded().json();
    assert_eq!(kept["snapshot"]["standing"], json!("good"));
    let before = lab.machines();
    let state = lab.root().join("terraform.tfstate");
    let damages: [(&str, &[u8]); 2] = [
        ("state-empty", b""),
        ("state-unusable", b"{\"version\": 4, "),
    ];
    for (code, bytes) in damages {
        fs::remove_file(&state).unwrap();
        files::create_new(&state, bytes, files::Mode::Private).unwrap();
        assert_eq!(lab.hazard_codes(), [code]);
        lab.restore_latest();
        lab.has_no_changes();
    }
    fs::remove_file(&state).unwrap();
    assert_eq!(lab.hazard_codes(), ["state-missing"]);
    lab.restore_latest();
    lab.has_no_changes();
    assert_eq!(lab.machines(), before);
    assert_eq!(lab.hazard_codes(), Vec::<String>::new());
    assert_eq!(
        lab.state_command(&["verify"]).succeeded().json()["faults"],
        json!([])
    );
    let vault = lab.home().join(".local/state/em-infra/vault");
    let (_, secret) = lab.sim.token("terraform").unwrap();
    assert_eq!(files_with(&vault, &secret), Vec::<String>::new());
}

/// The host knows whose VMs they are: without any copy of the state, plan and apply take them over.
#[test]
fn without_any_copy_the_environment_takes_its_machines_over() {
    let lab = Lab::installed();
    lab.apply();
    let before = lab.machines();
    fs::remove_file(lab.root().join("terraform.tfstate")).unwrap();
    lab.apply();
    lab.has_no_changes();
    assert_eq!(lab.machines(), before);
}

#[test]
fn nothing_is_restored_until_the_serial_is_typed() {
    let lab = Lab::installed();
    lab.apply();
    lab.state_command(&["snapshot"]).succeeded();
    let state = lab.root().join("terraform.tfstate");
    let good = fs::read_to_string(&state).unwrap();
    let older = good.replacen("\"serial\": ", "\"serial\": 1", 1);
    fs::remove_file(&state).unwrap();
    files::create_new(&state, older.as_bytes(), files::Mode::Private).unwrap();
    let refused = lab.em_infra(&["state", "restore"]).ended_with(50);
    assert!(refused.stderr.contains("--confirm"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&state).unwrap(), older);
    lab.em_infra(&["state", "restore", "no-such-id"])
        .ended_with(2);
    lab.em_infra(&["state", "prune"]).ended_with(2);
}

/// An old state and a VMID that was used again: Terraform would adopt the stranger.
#[test]
fn a_vm_that_is_another_one_by_now_blocks_the_restore_and_offline_says_what_it_did_not_ask() {
    let lab = Lab::installed();
    lab.apply();
    lab.state_command(&["snapshot"]).succeeded();
    lab.set_live_state(Some(b""));
    let uuid = "uuid=00000000-0000-4000-8000-000000000001";
    let own = lab
        .sim
        .world(|world| world.option(8010, "smbios1"))
        .unwrap();
    let set = |value: &str| {
        lab.sim
            .edit(|world| world.vm_mut(8010).unwrap().set_option("smbios1", value));
    };
    set(uuid);
    let plan = lab
        .state_command(&["restore", "--dry-run"])
        .succeeded()
        .json();
    assert_eq!(plan["host_unchecked"], json!(null));
    assert_eq!(plan["blocked"][0]["machine"]["vmid"], json!(8010));
    let serial = plan["serial"].to_string();
    let refused = lab
        .em_infra(&["state", "restore", "--confirm", &serial])
        .ended_with(50);
    assert!(refused.stderr.contains("other VMs than those on the host"));
    assert_eq!(fs::read(lab.state_path()).unwrap(), b"");

    set(&own);
    let mut env = lab.env();
    env.set("TF_VAR_proxmox_api_url", "https://127.0.0.1:1");
    let unasked = lab
        .em_infra_with(&["state", "restore", "--dry-run"], &env)
        .ended_with(50);
    assert!(unasked.stderr.contains("--offline"), "{}", unasked.stderr);
    let arguments = ["state", "restore", "--offline", "--confirm", &serial];
    let done = lab.em_infra_with(&arguments, &env).succeeded();
    assert!(
        done.stderr.contains("the host was not asked"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("plan -refresh-only"),
        "{}",
        done.stderr
    );
    lab.has_no_changes();
}

fn files_with(folder: &std::path::Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, secret));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(secret) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Every `sh` block of the guide, in its order, as one script.
#[test]
fn the_guide_does_what_it_says() {
    let lab = Lab::installed();
    lab.apply();
    let guide = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guides/state-operations.md"
    ))
    .unwrap();
    let blocks = guide.split("\n```sh\n").skip(1);
    let blocks: Vec<&str> = blocks
        .map(|block| block.split("\n```").next().unwrap())
        .collect();
    assert!(blocks.len() > 10);
    let programs = lab.home().join("bin");
    fs::create_dir(&programs).unwrap();
    for (name, program) in [
        ("em-infra", std::path::Path::new(crate::lab::em_infra())),
        ("terraform", testkit::engine().program.as_path()),
    ] {
        std::os::unix::fs::symlink(program, programs.join(name)).unwrap();
    }
    // Made on another machine, as the guide wants it.
    let pair = age::x25519::Identity::generate();
    let private = pair.to_string();
    let private = age::secrecy::ExposeSecret::expose_secret(&private);
    fs::create_dir(lab.home().join("usb-disk")).unwrap();
    for (name, text) in [
        ("k3s-dev.pub", pair.to_public().to_string().as_str()),
        ("usb-disk/k3s-dev.key", private),
    ] {
        files::create_new(
            &lab.home().join(name),
            text.as_bytes(),
            files::Mode::Private,
        )
        .unwrap();
    }
    let mut env = lab.env();
    let path = env.get("PATH").unwrap().to_owned();
    let path = [programs.as_os_str(), path.as_os_str()].join(std::ffi::OsStr::new(":"));
    env.set("PATH", path);
    let script = format!("set -ex\n{}", blocks.join("\n"));
    let output = lab.command("sh", &["-c", &script], &env).output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What keeps a state that nobody thought of keeping.
#[test]
fn the_gate_keeps_the_state_and_refuses_an_emptied_one() {
    let lab = Lab::installed();
    lab.em_infra(&["gate", "--yes"]).succeeded();
    let kept = lab.state_command(&["list"]).succeeded().json();
    assert_eq!(kept[0]["reason"], json!("after gate"));
    let state = lab.root().join("terraform.tfstate");
    fs::remove_file(&state).unwrap();
    files::create_new(&state, b"", files::Mode::Private).unwrap();
    let before = lab.machines();
    let refused = lab.em_infra(&["gate", "--yes"]).ended_with(50);
    assert!(
        refused.stderr.contains("em-infra state restore latest"),
        "{}",
        refused.stderr
    );
    lab.restore_latest();
    lab.em_infra(&["gate", "--yes"]).succeeded();
    assert_eq!(lab.machines(), before);
}
