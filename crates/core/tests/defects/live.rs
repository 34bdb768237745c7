//! Defects planted while a real Terraform runs.

use std::fs;

use em_infra_core::gate::{Approval, Checked, RunDirectory, Step, Verdict};
use testkit::AWKWARD;
use time::macros::datetime;

use crate::project::{Moment, Project, files_below};
use crate::{all_caught, sample};

const CANARY: &str = "canary-5f1c9a";

/// What must come of a defect.
#[derive(Clone, Copy)]
enum Caught {
    /// This verdict.
    By(Verdict),
    /// It is named as not checked, by these words.
    Named(&'static str),
    /// The canary is in nothing that the run leaves.
    Masked,
}

struct Defect {
    name: &'static str,
    configuration: fn() -> String,
    /// Changes the project before the gate.
    prepare: fn(&mut Project),
    /// Runs the gate once before.
    once_before: bool,
    /// Is asked at each moment of the gate.
    plant: fn(&Project, Moment),
    caught: Caught,
}

const NOTHING: Defect = Defect {
    name: "nothing",
    configuration: || thing(""),
    prepare: |_| (),
    once_before: false,
    plant: |_, _| (),
    caught: Caught::By(Verdict::Pass),
};

fn thing(body: &str) -> String {
    format!("{AWKWARD}resource \"awkward_thing\" \"one\" {{\n  name = \"one\"\n{body}}}\n")
}

fn as_made() -> String {
    thing("  text = \"as made\"\n")
}

fn ignoring() -> String {
    thing("  text = \"as made\"\n  lifecycle {\n    ignore_changes = [text]\n  }\n")
}

fn edit(project: &Project) {
    project.write("things/one", "edited by hand");
}

fn edit_after_apply(project: &Project, moment: Moment) {
    if moment == Moment::After(Step::Apply) {
        edit(project);
    }
}

#[expect(clippy::too_many_lines, reason = "a table, one row a defect")]
fn defects() -> Vec<Defect> {
    vec![
        Defect {
            name: "the provider does not read what was edited, the host does",
            configuration: || thing("  text = \"as made\"\n  habit = \"blind\"\n"),
            prepare: |project| project.reads_live = true,
            plant: edit_after_apply,
            caught: Caught::By(Verdict::Drift),
            ..NOTHING
        },
        Defect {
            name: "the provider never settles",
            configuration: || thing("  habit = \"restless\"\n"),
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "inputs change between plan and apply",
            configuration: || format!("variable \"text\" {{}}\n{}", thing("  text = var.text\n")),
            prepare: |project| project.write("terraform.tfvars", "text = \"as made\"\n"),
            plant: |project, moment| {
                if moment == Moment::Approval {
                    project.write("terraform.tfvars", "text = \"another\"\n");
                }
            },
            caught: Caught::By(Verdict::Refused),
            ..NOTHING
        },
        Defect {
            name: "a secret in a computed attribute that nobody marked",
            configuration: || {
                format!(
                    "variable \"secret\" {{\n  sensitive = true\n}}\n{}output \"copy\" {{\n  value = \
                     awkward_thing.one.secret_copy\n}}\ncheck \"loud\" {{\n  assert {{\n    condition = awkward_thing.one.name == \"x\"\n    \
                     error_message = \"It is ${{awkward_thing.one.secret_copy}}.\"\n  }}\n}}\n",
                    thing("  secret = var.secret\n")
                )
            },
            prepare: |project| project.env.set("TF_VAR_secret", CANARY),
            caught: Caught::Masked,
            ..NOTHING
        },
        Defect {
            name: "the provider rewrites what is configured",
            configuration: || thing("  habit = \"shouting\"\n  text = \"as made\"\n"),
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "drift that the configuration ignores",
            configuration: ignoring,
            once_before: true,
            prepare: edit_prepared,
            caught: Caught::By(Verdict::Drift),
            ..NOTHING
        },
        Defect {
            name: "a difference that a rule explains is no pass",
            configuration: || thing("  habit = \"empty\"\n"),
            caught: Caught::By(Verdict::Explained),
            ..NOTHING
        },
        Defect {
            name: "the object is edited after the apply",
            configuration: as_made,
            plant: edit_after_apply,
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "the object is deleted after the apply",
            configuration: as_made,
            plant: |project, moment| {
                if moment == Moment::After(Step::Apply) {
                    fs::remove_file(project.path("things/one")).unwrap();
                }
            },
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "TF_CLI_ARGS_plan=-refresh=false over drift",
            configuration: as_made,
            prepare: |project| project.env.set("TF_CLI_ARGS_plan", "-refresh=false"),
            plant: edit_after_apply,
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "a check block fails",
            configuration: || {
                format!(
                    "{}check \"never\" {{\n  assert {{\n    condition = awkward_thing.one.text == \"x\"\n    \
                     error_message = \"Not x.\"\n  }}\n}}\n",
                    as_made()
                )
            },
            caught: Caught::By(Verdict::Unsettled),
            ..NOTHING
        },
        Defect {
            name: "an output that is new each time",
            configuration: || "output \"now\" {\n  value = timestamp()\n}\n".to_owned(),
            caught: Caught::By(Verdict::Changed),
            ..NOTHING
        },
        Defect {
            name: "inputs change after the apply",
            configuration: as_made,
            plant: |project, moment| {
                if moment == Moment::After(Step::SecondPlan) {
                    project.write("more.tf", "# touched\n");
                }
            },
            caught: Caught::By(Verdict::Blind),
            ..NOTHING
        },
        Defect {
            name: "the state changes while plans are made",
            configuration: as_made,
            plant: |project, moment| {
                if moment == Moment::After(Step::SecondPlan) {
                    let text = fs::read_to_string(project.path("terraform.tfstate")).unwrap();
                    project.write("terraform.tfstate", &format!("{text}\n"));
                }
            },
            caught: Caught::By(Verdict::Blind),
            ..NOTHING
        },
        Defect {
            name: "the provider lock changes on the way",
            configuration: as_made,
            plant: |project, moment| {
                if moment == Moment::After(Step::SecondPlan) {
                    let text = fs::read_to_string(project.path(".terraform.lock.hcl")).unwrap();
                    project.write(".terraform.lock.hcl", &format!("{text}# touched\n"));
                }
            },
            caught: Caught::By(Verdict::Blind),
            ..NOTHING
        },
        Defect {
            name: "the apply fails",
            configuration: || thing("  habit = \"broken\"\n"),
            caught: Caught::By(Verdict::Failed),
            ..NOTHING
        },
        Defect {
            name: "the configuration cannot be planned",
            configuration: || "output \"x\" {\n  value = var.missing\n}\n".to_owned(),
            caught: Caught::By(Verdict::Failed),
            ..NOTHING
        },
        Defect {
            name: "a promised output is missing",
            configuration: as_made,
            prepare: |project| project.promised = &["endpoints"],
            caught: Caught::By(Verdict::Unsettled),
            ..NOTHING
        },
        Defect {
            name: "a promised output is known only after the apply",
            configuration: || {
                format!(
                    "{}output \"stamp\" {{\n  value = awkward_thing.one.stamp\n}}\n",
                    as_made()
                )
            },
            prepare: |project| project.promised = &["stamp"],
            caught: Caught::By(Verdict::Unsettled),
            ..NOTHING
        },
        Defect {
            name: "a promised output has a hole",
            configuration: || "output \"map\" {\n  value = { a = 1, b = null }\n}\n".to_owned(),
            prepare: |project| project.promised = &["map"],
            caught: Caught::By(Verdict::Unsettled),
            ..NOTHING
        },
        Defect {
            name: "a write-only value, which no plan shows",
            configuration: || thing("  password_wo = \"first\"\n"),
            caught: Caught::Named("awkward_thing.one.password_wo: write-only"),
            ..NOTHING
        },
        Defect {
            name: "a secret in the output of a provisioner",
            configuration: || {
                "variable \"secret\" {\n  sensitive = true\n}\nresource \"terraform_data\" \"loud\" {\n  provisioner \
                 \"local-exec\" {\n    command     = \"echo $A; echo $A >&2\"\n    environment = { A = \
                 nonsensitive(var.secret) }\n  }\n}\n"
                    .to_owned()
            },
            prepare: |project| project.env.set("TF_VAR_secret", CANARY),
            caught: Caught::Masked,
            ..NOTHING
        },
        Defect {
            name: "the check of the inputs found errors",
            configuration: as_made,
            prepare: |project| project.check = Some(Checked::Errors(1)),
            caught: Caught::By(Verdict::Refused),
            ..NOTHING
        },
        Defect {
            name: "nobody agreed to the plan",
            configuration: as_made,
            prepare: |project| project.approval = Approval::Stop,
            caught: Caught::By(Verdict::Refused),
            ..NOTHING
        },
    ]
}

fn edit_prepared(project: &mut Project) {
    edit(project);
}

/// Plants a defect; answers how it escaped, if it did.
fn escapes(defect: &Defect) -> Option<String> {
    let mut project = Project::new(&(defect.configuration)());
    if defect.once_before {
        project.gate(&mut |_| ());
    }
    (defect.prepare)(&mut project);
    let report = project.gate(&mut |moment| (defect.plant)(&project, moment));
    let is_caught = match defect.caught {
        Caught::By(verdict) => report.verdict == verdict,
        Caught::Named(words) => report.not_checked.iter().any(|gap| gap.starts_with(words)),
        Caught::Masked => {
            let kept = files_below(&project.base());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let leaks = kept.iter().any(|(_, bytes)| text(bytes).contains(CANARY));
            let masked = kept
                .iter()
                .any(|(_, bytes)| text(bytes).contains("[masked]"));
            masked && !leaks
        }
    };
    (!is_caught).then(|| {
        format!(
            "{}: {} {:?} {:?}",
            defect.name, report.verdict, report.reasons, report.not_checked
        )
    })
}

#[test]
fn defects_under_a_real_terraform_are_caught() {
    let defects = defects();
    let defects = sample(&defects, 3);
    let escaped: Vec<String> = defects.iter().filter_map(escapes).collect();
    all_caught("under a real Terraform", defects.len(), &escaped);
}

#[test]
fn a_second_gate_at_the_same_time_is_refused() {
    let project = Project::new(&as_made());
    let other = RunDirectory::create(&project.base(), datetime!(2026-11-23 09:20:05 UTC)).unwrap();
    assert_eq!(project.gate(&mut |_| ()).verdict, Verdict::Refused);
    drop(other);
}
