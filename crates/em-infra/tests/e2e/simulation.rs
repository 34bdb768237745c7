//! `em-infra gate --simulate`, the first command of README.

use std::path::Path;

use crate::lab::Lab;

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn the_simulated_gate_passes_in_an_empty_home_and_leaves_nothing_behind() {
    let lab = Lab::new();
    let scratch = lab.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let mut env = lab.env();
    env.set("TMPDIR", &scratch);
    let said = lab.em_infra_with(&["gate", "--simulate"], &env).succeeded();
    assert!(
        said.stderr
            .contains("\nsecond plan: no changes, 3 of 3 objects read"),
        "{}",
        said.stderr
    );
    assert!(is_empty(&scratch), "the scratch directory is gone");
    assert!(is_empty(&lab.home()));
    assert_eq!(
        lab.sim.journal().len(),
        0,
        "the person's own host was not asked"
    );
}

#[test]
fn the_simulated_gate_passes_with_two_gpus() {
    let lab = Lab::new();
    let gate = ["gate", "--simulate", "--scenario", "gpu"];
    let said = lab.em_infra(&gate).succeeded();
    assert!(
        said.stderr
            .contains("\nsecond plan: no changes, 7 of 7 objects read"),
        "{}",
        said.stderr
    );
}
