//! Least privilege: what `em-infra token` grants is enough, and what is missing is said at plan.

use pve_sim::{Clock, Config as Host, PveVersion, Scenario, Sim, Token, User};
use tf_plugin::Value;
use vm::privileges::{APPLY, Grant, POOL, READ};

use crate::bench::{Bench, worker, workers};
use crate::terraform::{Config, Terraform};

const USER: &str = "ops@pve";
const SECRET: &str = "7e57ab1e-0000-4000-8000-0000000000aa";

/// A host on which user and token have exactly these grants.
async fn granted(version: PveVersion, grants: &[Grant]) -> Bench {
    let host = Host {
        scenario: Scenario::k3s_dev().with_version(version),
        clock: Clock::Real { speed: 2_000.0 },
        listen: "127.0.0.1:0".to_owned(),
    };
    let sim = Sim::start(host).await.expect("a free port");
    let token = Token {
        secret: SECRET.to_owned(),
        privsep: true,
        ..Token::default()
    };
    sim.edit(|world| {
        let user = User {
            enable: true,
            tokens: [("least".to_owned(), token)].into(),
            ..User::default()
        };
        world.put_user(USER, user);
        for grant in grants {
            if !grant.privileges.is_empty() {
                world.put_role(grant.role, grant.privileges);
            }
            for to in [USER, "ops@pve!least"] {
                world.grant(grant.path, to, grant.role, true);
            }
        }
    });
    let block = Value::object([
        ("endpoint", sim.url()),
        ("api_token_id", "ops@pve!least".to_owned()),
        ("api_token_secret", SECRET.to_owned()),
        ("tls_fingerprint", sim.fingerprint().to_owned()),
    ]);
    Bench {
        sim,
        terraform: Terraform::new(block),
    }
}

fn with_gpu() -> Config {
    let gpu = Value::object([
        ("mapping", Value::from("k3s-dev-gpu-4100")),
        ("bdf", Value::Null),
    ]);
    let mapping = Value::object([
        ("name", "k3s-dev-gpu-4100"),
        ("env_name", "k3s-dev"),
        ("node", "pve"),
        ("bdf", "0000:41:00"),
    ]);
    let vm = worker(1).with("gpus", Value::list([gpu]));
    Config::from([
        ("mapping/1".to_owned(), mapping),
        ("worker-1".to_owned(), vm),
    ])
}

#[tokio::test]
async fn the_whole_life_runs_with_exactly_the_printed_privileges() {
    for version in [PveVersion::V8_4, PveVersion::V9_2] {
        let mut bench = granted(version, APPLY).await;
        bench.terraform.set("allow_restart", true);
        let mut changed = with_gpu();
        changed.insert(
            "worker-1".into(),
            worker(1).with("memory", 4096).with("disk_gb", 30),
        );
        for config in [with_gpu(), changed, Config::new()] {
            let outcome = bench.terraform.apply(&config).await;
            assert_eq!(outcome.errors, Vec::<String>::new(), "{version:?}");
            assert_eq!(
                outcome
                    .warnings
                    .iter()
                    .filter(|text| text.contains("may only read"))
                    .count(),
                0
            );
            bench.terraform.plan(&config).await.assert_empty();
        }
    }
}

#[tokio::test]
async fn a_vm_changes_its_pool_with_what_is_printed_for_that_and_not_without() {
    let all: Vec<Grant> = APPLY.iter().chain(POOL).copied().collect();
    for (grants, may_move) in [(APPLY, false), (&all, true)] {
        let mut bench = granted(PveVersion::V9_2, grants).await;
        bench.sim.edit(|world| {
            world.put_pool("lab", &[], &[]);
            world.put_pool("other", &[], &[]);
        });
        let within = |pool| Config::from([("worker-1".to_owned(), worker(1).with("pool", pool))]);
        let made = bench.terraform.apply(&within("lab")).await;
        assert_eq!(made.errors, Vec::<String>::new());
        let moved = bench.terraform.apply(&within("other")).await;
        if may_move {
            assert_eq!(moved.errors, Vec::<String>::new());
            bench.terraform.plan(&within("other")).await.assert_empty();
        } else {
            insta::assert_snapshot!(moved.errors.join("\n"), @r#"
            Unable to put VM 8010 k3s-dev-worker-1 into its pool (at pool)
            PUT /pools: 403 Permission check failed (/pool/other, Pool.Allocate). Grant Pool.Allocate on `/pool/other` (`pveum acl modify /pool/other …`); a token with privilege separation needs it for itself and for its user.

            `em-infra token --pool` prints what a change of pools takes.
            "#);
        }
    }
}

#[tokio::test]
async fn each_missing_grant_is_said_at_plan_with_the_line_that_mends_it() {
    for left_out in &APPLY[..4] {
        let rest: Vec<Grant> = APPLY
            .iter()
            .filter(|grant| *grant != left_out)
            .copied()
            .collect();
        let mut bench = granted(PveVersion::V9_2, &rest).await;
        let outcome = bench.terraform.apply(&with_gpu()).await;
        assert!(!outcome.errors.is_empty(), "{}", left_out.role);
        let host_only: Vec<String> = bench.writes();
        let mapping_only = left_out.role == "EmInfraDevices";
        assert!(
            host_only.is_empty() || mapping_only,
            "{}: {host_only:?}",
            left_out.role
        );
    }
    let mut bench = granted(PveVersion::V9_2, APPLY).await;
    bench
        .sim
        .edit(|world| world.put_role("EmInfraGuests", &["VM.Audit", "VM.Clone", "VM.Allocate"]));
    let outcome = bench.terraform.apply(&workers(1)).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    let first: String = outcome.errors.first().cloned().unwrap_or_default();
    insta::assert_snapshot!(first, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at vmid)
    The credentials lack VM.Config.CDROM on /vms/8010. For a token with privilege separation its user needs it as well: `pveum acl modify /vms/8010 --roles EmInfraGuests --users USER --tokens USER!TOKEN`; `em-infra token` prints the roles.
    "#);
}

#[tokio::test]
async fn a_token_that_reads_plans_new_vms_with_a_warning() {
    let mut bench = granted(PveVersion::V9_2, &[READ]).await;
    let planned = bench.terraform.plan(&workers(1)).await;
    insta::assert_snapshot!(planned.warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 can be planned and not made
    These credentials may only read. `em-infra token` prints what an apply needs.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
}
