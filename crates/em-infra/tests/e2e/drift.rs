//! `em-infra drift`: what stands on the host otherwise than it should is told, and nothing is written.

use serde_json::{Value, json};
use testkit::proof;

use crate::lab::{Lab, Said};

/// Runs `drift` and asserts that it wrote nothing, neither to the host nor below the root.
#[track_caller]
fn drift(lab: &Lab) -> Said {
    let (writes, files) = (lab.writes().len(), files(lab));
    let said = lab.em_infra(&["drift", "--format", "json"]);
    assert_eq!(lab.writes()[writes..], [], "drift wrote to the host");
    assert_eq!(files, self::files(lab), "drift wrote files");
    said
}

/// Names and contents below the root, `.terraform` left out.
fn files(lab: &Lab) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(lab.root()).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// What each finding says, in short.
fn findings(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let wrong = report["mismatches"].as_array().unwrap().iter().map(|one| {
        let argument = text(&one["argument"]);
        format!("{} {} {argument}", one["vmid"], text(&one["wrong"]))
    });
    let beside = report["unmanaged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["vmid"], text(&one["kind"])));
    wrong
        .chain(beside)
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// What stood on the host otherwise than it should, and was told.
fn figures(planted: usize) {
    proof::figures(format_args!(
        "defects on the host: {planted} planted, {planted} caught"
    ));
}

#[test]
fn what_was_changed_beside_terraform_is_told_and_nothing_is_written() {
    let lab = Lab::installed();
    lab.sim
        .edit(|world| world.put_vm(8050, [("name", "stranger")]));
    let before = drift(&lab).ended_with(21).json();
    assert_eq!(before["host_kind"], json!("embedded"));
    let not_made = [
        "8001 not-made",
        "8010 not-made",
        "8011 not-made",
        "8050 stranger",
    ];
    assert_eq!(findings(&before), not_made);

    let gate = lab.gate().succeeded().json();
    assert_eq!(gate["live"]["disagreements"], json!(0));
    let beside = &gate["live"]["beside"];
    assert_eq!(
        (&beside[0]["vmid"], &beside[1]),
        (&json!(8050), &json!(null))
    );
    assert!(lab.sim.edit(|world| world.remove_vm(8050)));
    let clean = drift(&lab).ended_with(0).json();
    assert_eq!(
        (&clean["clean"], &clean["wanted"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(findings(&clean), Vec::<String>::new());

    let ours = lab.sim.world(|world| world.option(8011, "description"));
    lab.sim.edit(|world| {
        world.vm_mut(8001).unwrap().set_option("cores", "7");
        let edited = world.vm_mut(8010).unwrap();
        edited.set_option("description", "no marker any more");
        world.guest_exits(8011);
        world.put_vm(8050, [("name", "stranger")]);
        world.put_vm(
            300,
            [("name", "copy"), ("description", ours.as_deref().unwrap())],
        );
        world.put_vm(301, [("name", "not-our-business")]);
    });
    let found = drift(&lab).ended_with(21).json();
    let expected = [
        "8001 differs cores",
        "8010 marker-lost",
        "8011 differs started",
        "300 copy",
        "8050 stranger",
    ];
    assert_eq!(findings(&found), expected);
    let task = &found["mismatches"][2]["tasks"][0];
    assert_eq!(
        (&task["kind"], &task["user"]),
        (&json!("qmstart"), &json!("em-infra@pve!terraform"))
    );

    lab.sim.edit(|world| {
        for vmid in [300, 8001, 8011, 8050] {
            world.remove_vm(vmid);
        }
        world.put_vm(8011, [("name", "k3s-dev-worker-2")]);
    });
    std::fs::remove_file(lab.root().join("terraform.tfstate")).unwrap();
    let lost = drift(&lab).ended_with(21).json();
    assert_eq!(
        findings(&lost),
        ["8001 not-made", "8010 another", "8011 another"]
    );
    figures(expected.len() + 3);
}
