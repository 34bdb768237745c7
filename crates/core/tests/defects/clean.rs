//! Clean environments: nothing may be found in them.

use em_infra_core::gate::Verdict;
use testkit::AWKWARD;

use crate::project::Project;
use crate::{figures, sample};

struct Clean {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    awkward: bool,
    promised: &'static [&'static str],
    /// Swapped in after a first gate.
    then: &'static [(&'static str, &'static str)],
}

const EMPTY: Clean = Clean {
    name: "nothing at all",
    files: &[("main.tf", "")],
    awkward: false,
    promised: &[],
    then: &[],
};

const CLEAN: [Clean; 20] = [
    Clean {
        name: "instances by key, with ephemeral and sensitive inputs, outputs and a check",
        files: &[
            (
                "main.tf",
                "variable \"token\" {\n  ephemeral = true\n}\nvariable \"secret\" {\n  sensitive = true\n}\nvariable \"names\" {\n  type = set(string)\n}\nresource \"terraform_data\" \"node\" {\n  for_each = var.names\n  input    = each.key\n}\noutput \"names\" {\n  value = [for node in terraform_data.node : node.input]\n}\noutput \"secret\" {\n  value     = var.secret\n  sensitive = true\n}\ncheck \"names\" {\n  assert {\n    condition     = length(var.names) > 1\n    error_message = \"Too few.\"\n  }\n}\n",
            ),
            (
                "terraform.tfvars",
                "token  = \"canary-token\"\nsecret = \"canary-secret\"\nnames  = [\"a\", \"b\"]\n",
            ),
        ],
        promised: &["names"],
        ..EMPTY
    },
    Clean {
        name: "a provider of its own",
        files: &[(
            "main.tf",
            "resource \"awkward_thing\" \"one\" {\n  name = \"one\"\n  text = \"as made\"\n}\n",
        )],
        awkward: true,
        ..EMPTY
    },
    EMPTY,
    Clean {
        name: "instances by count",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  count = 3\n  input = count.index\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "nested modules",
        files: &[
            (
                "main.tf",
                "module \"a\" {\n  for_each = toset([\"x.y\"])\n  source   = \"./a\"\n  name     = each.key\n}\n",
            ),
            (
                "a/main.tf",
                "variable \"name\" {}\nmodule \"b\" {\n  source = \"./b\"\n  name   = var.name\n}\n",
            ),
            (
                "a/b/main.tf",
                "variable \"name\" {}\nresource \"terraform_data\" \"c\" {\n  input = var.name\n}\n",
            ),
        ],
        ..EMPTY
    },
    Clean {
        name: "JSON inputs",
        files: &[
            (
                "main.tf",
                "variable \"n\" {\n  type = number\n}\nresource \"terraform_data\" \"a\" {\n  input = var.n\n}\n",
            ),
            ("terraform.tfvars.json", "{\"n\": 9007199254740993}\n"),
        ],
        ..EMPTY
    },
    Clean {
        name: "automatic input files",
        files: &[
            (
                "main.tf",
                "variable \"n\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.n\n}\n",
            ),
            ("z.auto.tfvars", "n = \"z\"\n"),
        ],
        ..EMPTY
    },
    Clean {
        name: "a value of every kind",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  input = { s = \"é ☃ <&>\", n = 1.5, b = true, l = [], m = {}, t = [1, \"a\"], z = null }\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a replacement that was asked for",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  triggers_replace = 1\n}\n",
        )],
        then: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  triggers_replace = 2\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a replacement made before the old one goes",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  triggers_replace = 1\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
        )],
        then: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  triggers_replace = 2\n  lifecycle {\n    create_before_destroy = true\n  }\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "an update",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n",
        )],
        then: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  input = 2\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a resource that went",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n",
        )],
        then: &[("main.tf", "resource \"terraform_data\" \"a\" {}\n")],
        ..EMPTY
    },
    Clean {
        name: "a resource that moved",
        files: &[("main.tf", "resource \"terraform_data\" \"a\" {}\n")],
        then: &[(
            "main.tf",
            "moved {\n  from = terraform_data.a\n  to   = terraform_data.b\n}\nresource \"terraform_data\" \"b\" {}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a resource that was let go",
        files: &[("main.tf", "resource \"terraform_data\" \"a\" {}\n")],
        then: &[(
            "main.tf",
            "removed {\n  from = terraform_data.a\n  lifecycle {\n    destroy = false\n  }\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a resource that was imported",
        files: &[(
            "main.tf",
            "import {\n  to = terraform_data.a\n  id = \"known\"\n}\nresource \"terraform_data\" \"a\" {}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "preconditions and postconditions",
        files: &[(
            "main.tf",
            "locals {\n  one = 1\n}\nresource \"terraform_data\" \"a\" {\n  input = 1\n  lifecycle {\n    precondition {\n      condition     = local.one == 1\n      error_message = \"No.\"\n    }\n    postcondition {\n      condition     = self.output == 1\n      error_message = \"No.\"\n    }\n  }\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "a provisioner that speaks",
        files: &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"echo out; echo err >&2\"\n  }\n}\n",
        )],
        ..EMPTY
    },
    Clean {
        name: "several things, with what an agent reports",
        files: &[(
            "main.tf",
            "resource \"awkward_thing\" \"many\" {\n  for_each = toset([\"a\", \"b\", \"c\"])\n  name     = each.key\n  text     = each.key\n}\noutput \"texts\" {\n  value = { for name, thing in awkward_thing.many : name => thing.text }\n}\n",
        )],
        awkward: true,
        promised: &["texts"],
        ..EMPTY
    },
    Clean {
        name: "a thing with labels, items and a secret",
        files: &[(
            "main.tf",
            "resource \"awkward_thing\" \"one\" {\n  name   = \"one\"\n  labels = { a = \"b\" }\n  items  = [\"x\", \"y\"]\n  secret = \"canary-thing\"\n}\n",
        )],
        awkward: true,
        ..EMPTY
    },
    Clean {
        name: "a thing that is changed",
        files: &[(
            "main.tf",
            "resource \"awkward_thing\" \"one\" {\n  name = \"one\"\n  text = \"before\"\n}\n",
        )],
        then: &[(
            "main.tf",
            "resource \"awkward_thing\" \"one\" {\n  name = \"one\"\n  text = \"after\"\n}\n",
        )],
        awkward: true,
        ..EMPTY
    },
];

fn write(project: &Project, clean: &Clean, files: &[(&str, &str)]) {
    for (name, text) in files {
        let head = if clean.awkward { AWKWARD } else { "" };
        project.write(name, &format!("{head}{text}"));
    }
}

/// Runs the gate, and once more where something is swapped in; answers what was found.
fn finding(clean: &Clean) -> Option<String> {
    let mut project = Project::new("");
    project.promised = clean.promised;
    write(&project, clean, clean.files);
    let mut report = project.gate(&mut |_| ());
    if !clean.then.is_empty() {
        write(&project, clean, clean.then);
        report = project.gate(&mut |_| ());
    }
    let found = report.verdict != Verdict::Pass || !report.differences.is_empty();
    found.then(|| {
        format!(
            "{}: {:?} {:?}",
            clean.name, report.reasons, report.differences
        )
    })
}

#[test]
fn clean_environments_pass() {
    let cleans = sample(&CLEAN, 2);
    let found: Vec<String> = cleans.iter().filter_map(finding).collect();
    figures(format!(
        "clean environments: {} run, {} passed",
        cleans.len(),
        cleans.len() - found.len()
    ));
    assert!(found.is_empty(), "{found:#?}");
}
