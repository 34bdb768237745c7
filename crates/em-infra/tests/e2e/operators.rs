//! Who may work on an environment: two people at once, somebody who may only read, and a token with exactly the
//! privileges that `em-infra token` prints.

use std::collections::BTreeMap;

use pve_sim::{Config, PveVersion, Scenario, Token, User, World};

use crate::lab::{CHDIR, Lab, Said};
use crate::process::Running;

const APPLY: [&str; 4] = ["apply", "-input=false", "-no-color", "planned"];

/// What Proxmox gave each VM when it was made: another one means that it was made anew.
fn births(lab: &Lab) -> BTreeMap<u32, String> {
    let born = |world: &World, vmid| world.option(vmid, "vmgenid").unwrap_or_default();
    let vms = lab.vms().into_keys();
    lab.sim
        .world(|world| vms.map(|vmid| (vmid, born(world, vmid))).collect())
}

#[test]
fn of_two_operators_at_once_one_makes_each_vm_and_the_other_is_told() {
    let lab = Lab::initialised();
    let second = lab.second_clone();
    lab.terraform(&[second, "init", "-input=false"]).succeeded();
    for clone in [CHDIR, second] {
        let plan = [clone, "plan", "-input=false", "-out=planned"];
        lab.terraform(&plan).succeeded();
    }
    let both = [CHDIR, second].map(|clone| lab.start_terraform(&[&[clone], &APPLY[..]].concat()));
    let both: Vec<Said> = both.into_iter().map(Running::ended).collect();
    let beaten: Vec<&Said> = both.iter().filter(|said| said.code != Some(0)).collect();
    assert!(!beaten.is_empty(), "both made the same VMs");
    // Terraform plans each object once more within an apply. Where the other was faster than that, it stops there, in
    // its own words and before the provider is asked to write: a known gap, since a provider cannot tell the two plans
    // apart.
    let told = [
        "exists now: another run made it.",
        ".existing: was cty.False, but now cty.True.",
    ];
    for said in beaten {
        let text = said.stderr.replace("\n│ ", " ").replace('\n', " ");
        assert!(
            told.iter().any(|told| text.contains(told)),
            "{}",
            said.stderr
        );
    }
    let made = births(&lab);
    assert_eq!(made.len(), 3);

    // Whoever plans again takes over what the other made.
    for clone in [CHDIR, second] {
        lab.terraform(&[clone, "apply", "-auto-approve", "-input=false"])
            .succeeded();
    }
    for clone in [CHDIR, second] {
        lab.terraform(&[clone, "plan", "-detailed-exitcode", "-input=false"])
            .succeeded();
    }
    assert_eq!(births(&lab), made, "nothing was made twice");
}

#[test]
fn plan_drift_and_check_take_a_token_that_may_only_read() {
    let lab = Lab::initialised();
    let token = [
        "token", "--for", "read", "--user", "eye@pve", "--token", "look",
    ];
    let printed = lab.em_infra(&token).succeeded();
    lab.sim.edit(|world| pveum(world, &printed.stdout, SECRET));
    let reader = lab.env_of("eye@pve!look", SECRET);
    let plan = [
        CHDIR,
        "plan",
        "-detailed-exitcode",
        "-input=false",
        "-no-color",
    ];
    let first = lab.terraform_with(&plan, &reader).ended_with(2);
    let warning = "can be planned and not made";
    assert!(first.stdout.contains(warning), "{}", first.stdout);
    let apply = [CHDIR, "apply", "-auto-approve", "-input=false"];
    assert_ne!(lab.terraform_with(&apply, &reader).code, Some(0));
    assert_eq!(lab.vms(), BTreeMap::new());

    lab.terraform(&apply).succeeded();
    lab.sim.clear_journal();
    lab.terraform_with(&plan, &reader).succeeded();
    lab.em_infra_with(&["drift"], &reader).succeeded();
    lab.em_infra_with(&["check"], &reader).succeeded();
    lab.em_infra_with(&["cleanup"], &reader).succeeded();
    assert_eq!(lab.writes(), []);
}

/// Does what the printed lines say, as `pveum` does.
fn pveum(world: &mut World, lines: &str, secret: &str) {
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let line = line.replace('\'', "");
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["pveum", "role", "add", role, "--privs", privileges @ ..] => {
                world.put_role(role, privileges);
            }
            ["pveum", "user", "add", user] => world.put_user(user, User::default()),
            [
                "pveum",
                "user",
                "token",
                "add",
                user,
                name,
                "--privsep",
                "1",
            ] => {
                let token = Token {
                    secret: secret.to_owned(),
                    privsep: true,
                    ..Token::default()
                };
                let tokens = [((*name).to_owned(), token)].into();
                let known = User {
                    tokens,
                    ..User::default()
                };
                world.put_user(user, known);
            }
            [
                "pveum",
                "acl",
                "modify",
                path,
                "--roles",
                role,
                "--users",
                user,
                "--tokens",
                token,
            ] => {
                world.grant(path, user, role, true);
                world.grant(path, token, role, true);
            }
            other => panic!("no line of pveum: {other:?}"),
        }
    }
}

const SECRET: &str = "5ec4e700-0000-4000-8000-0000000000cc";

/// Two nodes of which one has a GPU: as they are made, and changed.
const LIFE: [&str; 2] = [
    r#"
worker_count        = 0
gpu_worker_template = "talos-v1.13-nocloud"
gpu_worker_pci_bdfs = ["0000:41:00"]
"#,
    r#"
worker_count          = 0
gpu_worker_template   = "talos-v1.13-nocloud"
gpu_worker_pci_bdfs   = ["0000:41:00"]
gpu_worker_memory_mb  = 6144
control_plane_disk_gb = 30
nameservers           = ["9.9.9.9"]
allow_restart         = true
"#,
];

#[test]
fn the_printed_privileges_are_enough_for_a_whole_life() {
    for version in [PveVersion::V8_4, PveVersion::V9_2] {
        let host = Scenario::k3s_dev().with_version(version);
        let lab = Lab::on(Config::real(host, 200.0))
            .with_provider()
            .with_init();
        let printed = lab
            .em_infra(&["token", "--user", "ops@pve", "--token", "ci"])
            .succeeded();
        lab.sim.edit(|world| pveum(world, &printed.stdout, SECRET));
        let env = lab.env_of("ops@pve!ci", SECRET);
        let run = |arguments: &[&str]| {
            let arguments = [&[CHDIR], arguments, &["-input=false", "-no-color"]].concat();
            lab.terraform_with(&arguments, &env).succeeded()
        };
        for inputs in LIFE {
            lab.inputs(inputs);
            run(&["apply", "-auto-approve"]);
            run(&["plan", "-detailed-exitcode"]);
        }
        run(&[
            "destroy",
            "-auto-approve",
            "-var=protect_control_planes=false",
        ]);
        assert_eq!(lab.vms(), BTreeMap::new(), "{version:?}");
        let journal = lab.sim.journal();
        let refused: Vec<_> = journal.iter().filter(|entry| entry.status == 403).collect();
        assert_eq!(refused, Vec::<&pve_sim::Entry>::new(), "{version:?}");
    }
}
