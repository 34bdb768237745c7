//! How the host is reached, against itself.

use crate::across::AcrossRule;
use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;
use crate::value::Value;

pub(super) const RULES: &[AcrossRule] = &[AcrossRule {
    code: Code::TlsConflict,
    reads: &[
        "proxmox_tls_ca_file",
        "proxmox_tls_fingerprint",
        "proxmox_tls_insecure",
    ],
    check: tls_conflict,
}];

fn tls_conflict(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let insecure = reading.value("proxmox_tls_insecure") == Some(&Value::Bool(true));
    let given: Vec<&str> = [
        reading
            .is_set("proxmox_tls_fingerprint")
            .then_some("proxmox_tls_fingerprint"),
        reading
            .is_set("proxmox_tls_ca_file")
            .then_some("proxmox_tls_ca_file"),
        insecure.then_some("proxmox_tls_insecure"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let [first, second, ..] = given[..] {
        let message = format!("`{second}` and `{first}` both say how the certificate is trusted");
        let finding = Finding::new(
            Code::TlsConflict,
            Path::input(second),
            message,
            format!("keep `{first}` and remove `{second}`"),
        );
        findings.push(finding.with_related(Path::input(first), "the other one"));
    }
}
