//! Terraform's own shuffling is not a change.

use std::collections::BTreeSet;

use em_infra_core::state::Content;

use crate::lab::Lab;

const CHECKED: &str = r#"
variable "v" {
  default = 1
  validation {
    condition     = var.v > 0
    error_message = "v"
  }
}
resource "terraform_data" "a" {
  input = var.v
  lifecycle {
    precondition {
      condition     = var.v > 0
      error_message = "p"
    }
  }
}
check "c" {
  assert {
    condition     = terraform_data.a.output > 0
    error_message = "c"
  }
}
"#;

/// With three checkable objects the order has six possibilities: eight applies that never shuffle have a chance of one
/// in a million.
#[test]
fn the_normal_digest_stays_while_applies_without_changes_shuffle_the_file() {
    let lab = Lab::new(CHECKED);
    lab.apply();
    let (mut bytes, mut normal) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..8 {
        lab.apply();
        let content = Content::new(lab.state());
        bytes.insert(content.digest());
        normal.insert(content.normal_digest());
    }
    assert_eq!(normal.len(), 1);
    assert!(bytes.len() > 1);
}
