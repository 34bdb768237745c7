//! The provider that misbehaves on demand (`tf-plugin`'s example `awkward`), where `terraform init` finds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use files::Mode;

/// The beginning of a root that takes the provider, which then keeps the real objects in `things/`.
pub const AWKWARD: &str = r#"
terraform {
  required_providers {
    awkward = { source = "terraform.local/example/awkward" }
  }
}
provider "awkward" {
  directory = "things"
}
"#;

/// Lays a mirror with the provider out below `folder`, and the CLI configuration `terraform.rc` that leads there.
///
/// # Panics
/// When the provider cannot be built or laid out: then no test with it can say anything.
pub fn awkward_mirror(folder: &Path) {
    let package = folder.join("mirror/terraform.local/example/awkward/0.1.0/linux_amd64");
    files::create_private_dirs(&package).expect("a directory");
    let installed = package.join("terraform-provider-awkward");
    std::fs::hard_link(executable(), &installed)
        .or_else(|_| std::fs::copy(executable(), &installed).map(drop))
        .expect("the provider can be laid out");
    let rc = folder.join("terraform.rc");
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
        folder.join("mirror").display().to_string()
    );
    files::create_atomic(&rc, text.as_bytes(), Mode::Private).expect("a file");
}

fn executable() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "tf-plugin"])
            .args(["--example", "awkward"])
            .status();
        assert!(built.is_ok_and(|status| status.success()), "it is built");
        let test = std::env::current_exe().expect("a test has a path");
        let target = test.ancestors().nth(2).expect("target/debug/deps/test");
        target.join("examples/awkward")
    })
}
