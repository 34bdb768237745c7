//! Local state operations with the pinned Terraform and its builtin `terraform_data`.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod attacks;
mod canary;
mod disasters;
mod hazards;
mod kill;
mod lab;
mod locking;
mod normal_form;
mod restoring;
mod sealing;
mod small_disk;
