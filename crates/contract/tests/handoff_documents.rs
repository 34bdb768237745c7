//! What the documents say about the handoff is what the code says.

use contract::handoff::{Rule, Schematic};

const TASK: &str = include_str!(
    "../../../docs/implementation/phase-2/phase-2-task-3-output-contract-for-bootstrap.md"
);
const GUIDE: &str = include_str!("../../../docs/guides/from-vms-to-a-cluster.md");

#[test]
fn the_task_document_lists_every_rule() {
    let rows: Vec<String> = Rule::ALL
        .iter()
        .map(|rule| format!("| `{}` | {} |", rule.as_str(), rule.what()))
        .collect();
    let table = rows.join("\n");
    assert!(
        TASK.contains(&table),
        "the document lacks this table:\n{table}"
    );
}

#[test]
fn the_guide_names_the_ids_of_its_extensions() {
    let rows: Vec<&str> = GUIDE
        .lines()
        .skip_while(|line| !line.starts_with("| extensions |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let (id, extensions) = words.split_last().expect("a row has an id");
        assert_eq!(
            Schematic::new(extensions.iter().copied()).id(),
            *id,
            "{row}"
        );
    }
}
